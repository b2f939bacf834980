; Labelling with a database of legal junctions, rule for rule as in waltzdb.fly: 891 firings for each region and 872.
(deftemplate stage (slot state))
(deftemplate line (slot p1) (slot p2))
(deftemplate edge (slot from) (slot to) (slot joined) (slot plotted))
(deftemplate junction (slot base) (slot kind) (slot p1) (slot p2) (slot p3))
(deftemplate legal (slot kind) (slot nr) (slot l1) (slot l2) (slot l3) (slot outline))
(deftemplate candidate (slot base) (slot nr) (slot reported))
(deftemplate offer (slot base) (slot nr) (slot to) (slot label) (slot back))
(deftemplate known (slot base) (slot nr))

(deffunction turn (?b ?p ?q)
  (- (* (- (div ?p 10000) (div ?b 10000)) (- (mod ?q 10000) (mod ?b 10000)))
     (* (- (mod ?p 10000) (mod ?b 10000)) (- (div ?q 10000) (div ?b 10000)))))

(deffunction back (?label)
  (if (eq ?label in) then out else (if (eq ?label out) then in else ?label)))

(defrule begin
  ?s <- (stage (state begin))
  =>
  (modify ?s (state reverse)))

(defrule reverse-edges
  (declare (salience 1))
  (stage (state reverse))
  ?l <- (line (p1 ?p1) (p2 ?p2))
  =>
  (assert (edge (from ?p1) (to ?p2) (joined FALSE) (plotted FALSE)))
  (assert (edge (from ?p2) (to ?p1) (joined FALSE) (plotted FALSE)))
  (retract ?l))

(defrule done-reversing
  ?s <- (stage (state reverse))
  =>
  (modify ?s (state detect)))

(defrule make-fork
  (declare (salience 2))
  (stage (state detect))
  ?e <- (edge (from ?b) (to ?p1) (joined FALSE))
  ?f <- (edge (from ?b) (to ?p2&:(> ?p2 ?p1)&:(> (turn ?b ?p1 ?p2) 0)) (joined FALSE))
  ?g <- (edge (from ?b) (to ?p3&:(> ?p3 ?p1)&:(> (turn ?b ?p2 ?p3) 0)&:(> (turn ?b ?p3 ?p1) 0)) (joined FALSE))
  =>
  (assert (junction (base ?b) (kind fork) (p1 ?p1) (p2 ?p2) (p3 ?p3)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))

(defrule make-arrow
  (declare (salience 2))
  (stage (state detect))
  ?e <- (edge (from ?b) (to ?p1) (joined FALSE))
  ?f <- (edge (from ?b) (to ?p2&:(> (turn ?b ?p1 ?p2) 0)) (joined FALSE))
  ?g <- (edge (from ?b) (to ?p3&:(> (turn ?b ?p2 ?p3) 0)&:(> (turn ?b ?p1 ?p3) 0)) (joined FALSE))
  =>
  (assert (junction (base ?b) (kind arrow) (p1 ?p1) (p2 ?p2) (p3 ?p3)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))

(defrule make-tee
  (declare (salience 2))
  (stage (state detect))
  ?e <- (edge (from ?b) (to ?p1) (joined FALSE))
  ?f <- (edge (from ?b) (to ?p2&~?p1&:(= (turn ?b ?p1 ?p2) 0)) (joined FALSE))
  ?g <- (edge (from ?b) (to ?p3&:(> (turn ?b ?p1 ?p3) 0)) (joined FALSE))
  =>
  (assert (junction (base ?b) (kind tee) (p1 ?p1) (p2 ?p2) (p3 ?p3)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))

(defrule make-l
  (declare (salience 1))
  (stage (state detect))
  ?e <- (edge (from ?b) (to ?p1) (joined FALSE))
  ?f <- (edge (from ?b) (to ?p2&:(> (turn ?b ?p1 ?p2) 0)) (joined FALSE))
  =>
  (assert (junction (base ?b) (kind L) (p1 ?p1) (p2 ?p2) (p3 0)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE)))

(defrule done-detecting
  ?s <- (stage (state detect))
  =>
  (modify ?s (state enumerate)))

(defrule enumerate-2
  (declare (salience 1))
  (stage (state enumerate))
  (junction (base ?b) (kind ?kind&L) (p1 ?p1) (p2 ?p2))
  (legal (kind ?kind) (nr ?nr) (l1 ?l1) (l2 ?l2))
  =>
  (assert (candidate (base ?b) (nr ?nr) (reported FALSE)))
  (assert (offer (base ?b) (nr ?nr) (to ?p1) (label ?l1) (back (back ?l1))))
  (assert (offer (base ?b) (nr ?nr) (to ?p2) (label ?l2) (back (back ?l2)))))

(defrule enumerate-3
  (declare (salience 1))
  (stage (state enumerate))
  (junction (base ?b) (kind ?kind&~L) (p1 ?p1) (p2 ?p2) (p3 ?p3))
  (legal (kind ?kind) (nr ?nr) (l1 ?l1) (l2 ?l2) (l3 ?l3))
  =>
  (assert (candidate (base ?b) (nr ?nr) (reported FALSE)))
  (assert (offer (base ?b) (nr ?nr) (to ?p1) (label ?l1) (back (back ?l1))))
  (assert (offer (base ?b) (nr ?nr) (to ?p2) (label ?l2) (back (back ?l2))))
  (assert (offer (base ?b) (nr ?nr) (to ?p3) (label ?l3) (back (back ?l3)))))

(defrule done-enumerating
  ?s <- (stage (state enumerate))
  =>
  (modify ?s (state first)))

(defrule first-boundary
  ?s <- (stage (state first))
  (junction (base ?b) (kind ?kind))
  (not (junction (base ?other&:(< ?other ?b))))
  (legal (kind ?kind) (nr ?nr) (outline TRUE))
  =>
  (assert (known (base ?b) (nr ?nr)))
  (modify ?s (state second)))

(defrule second-boundary
  ?s <- (stage (state second))
  (junction (base ?b) (kind ?kind))
  (not (junction (base ?other&:(> ?other ?b))))
  (legal (kind ?kind) (nr ?nr) (outline TRUE))
  =>
  (assert (known (base ?b) (nr ?nr)))
  (modify ?s (state filter)))

(defrule drop-known-2
  (declare (salience 2))
  (stage (state filter))
  (known (base ?b) (nr ?known))
  ?c <- (candidate (base ?b) (nr ?nr&~?known))
  (junction (base ?b) (kind L) (p1 ?p1) (p2 ?p2))
  ?o <- (offer (base ?b) (nr ?nr) (to ?p1))
  ?p <- (offer (base ?b) (nr ?nr) (to ?p2))
  =>
  (retract ?c ?o ?p))

(defrule drop-known-3
  (declare (salience 2))
  (stage (state filter))
  (known (base ?b) (nr ?known))
  ?c <- (candidate (base ?b) (nr ?nr&~?known))
  (junction (base ?b) (kind ~L) (p1 ?p1) (p2 ?p2) (p3 ?p3))
  ?o <- (offer (base ?b) (nr ?nr) (to ?p1))
  ?p <- (offer (base ?b) (nr ?nr) (to ?p2))
  ?q <- (offer (base ?b) (nr ?nr) (to ?p3))
  =>
  (retract ?c ?o ?p ?q))

(defrule drop-2
  (declare (salience 1))
  (stage (state filter))
  ?o <- (offer (base ?b) (nr ?nr) (to ?to) (back ?back))
  (not (offer (base ?to) (to ?b) (label ?back)))
  (junction (base ?b) (kind L))
  ?c <- (candidate (base ?b) (nr ?nr))
  ?p <- (offer (base ?b) (nr ?nr) (to ~?to))
  =>
  (retract ?c ?o ?p))

(defrule drop-3
  (declare (salience 1))
  (stage (state filter))
  ?o <- (offer (base ?b) (nr ?nr) (to ?to) (back ?back))
  (not (offer (base ?to) (to ?b) (label ?back)))
  (junction (base ?b) (kind ~L))
  ?c <- (candidate (base ?b) (nr ?nr))
  ?p <- (offer (base ?b) (nr ?nr) (to ?other&~?to))
  ?q <- (offer (base ?b) (nr ?nr) (to ?third&~?to&:(> ?third ?other)))
  =>
  (retract ?c ?o ?p ?q))

(defrule done-filtering
  ?s <- (stage (state filter))
  =>
  (modify ?s (state report)))

(defrule report
  (declare (salience 1))
  (stage (state report))
  ?c <- (candidate (reported FALSE))
  =>
  (modify ?c (reported TRUE)))

(defrule plot
  (declare (salience 1))
  (stage (state report))
  ?e <- (edge (from ?from) (to ?to&:(< ?from ?to)) (plotted FALSE))
  =>
  (modify ?e (plotted TRUE)))

(defrule done-reporting
  ?s <- (stage (state report))
  =>
  (modify ?s (state done)))
