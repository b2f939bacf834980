; Miss Manners, rule for rule as in manners.fly: N(N-1)/2 + 4N - 1 firings.
(deftemplate stage (slot state))
(deftemplate count (slot c))
(deftemplate guest (slot name) (slot sex) (slot hobby))
(deftemplate last-seat (slot seat))
(deftemplate seating (slot id) (slot pid) (slot seat1) (slot name1) (slot seat2) (slot name2) (slot path-done))
(deftemplate path (slot id) (slot name) (slot seat))
(deftemplate chosen (slot id) (slot name) (slot hobby))

(defrule assign-first-seat
  ?s <- (stage (state start))
  (guest (name ?n))
  ?c <- (count (c ?id))
  =>
  (assert (seating (id ?id) (pid 0) (seat1 1) (name1 ?n) (seat2 1) (name2 ?n) (path-done TRUE)))
  (assert (path (id ?id) (name ?n) (seat 1)))
  (modify ?c (c (+ ?id 1)))
  (modify ?s (state assign)))

(defrule find-seating
  ?s <- (stage (state assign))
  (seating (id ?last) (seat2 ?seat) (name2 ?left) (path-done TRUE))
  (guest (name ?left) (sex ?sex) (hobby ?hobby))
  (guest (name ?right) (sex ~?sex) (hobby ?hobby))
  ?c <- (count (c ?id))
  (not (path (id ?last) (name ?right)))
  (not (chosen (id ?last) (name ?right) (hobby ?hobby)))
  =>
  (assert (seating (id ?id) (pid ?last) (seat1 ?seat) (name1 ?left) (seat2 (+ ?seat 1)) (name2 ?right) (path-done FALSE)))
  (assert (path (id ?id) (name ?right) (seat (+ ?seat 1))))
  (assert (chosen (id ?last) (name ?right) (hobby ?hobby)))
  (modify ?c (c (+ ?id 1)))
  (modify ?s (state path)))

(defrule make-path
  (declare (salience 1))
  (stage (state path))
  (seating (id ?id) (pid ?pid) (path-done FALSE))
  (path (id ?pid) (name ?name) (seat ?seat))
  (not (path (id ?id) (name ?name)))
  =>
  (assert (path (id ?id) (name ?name) (seat ?seat))))

(defrule path-done
  ?s <- (stage (state path))
  ?n <- (seating (path-done FALSE))
  =>
  (modify ?n (path-done TRUE))
  (modify ?s (state check)))

(defrule are-we-done
  (declare (salience 1))
  ?s <- (stage (state check))
  (last-seat (seat ?seat))
  (seating (seat2 ?seat))
  =>
  (modify ?s (state print)))

(defrule go-on
  ?s <- (stage (state check))
  =>
  (modify ?s (state assign)))

(defrule print-results
  (declare (salience 1))
  (stage (state print))
  (last-seat (seat ?seat))
  (seating (id ?id) (seat2 ?seat))
  ?p <- (path (id ?id))
  =>
  (retract ?p))

(defrule all-done
  ?s <- (stage (state print))
  =>
  (modify ?s (state done)))
