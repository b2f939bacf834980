; Waltz's labelling, rule for rule as in waltz.fly: 276 firings for each region and 264.
(deftemplate stage (slot state))
(deftemplate line (slot p1) (slot p2))
(deftemplate edge (slot from) (slot to) (slot joined) (slot label))
(deftemplate junction (slot base) (slot kind) (slot p1) (slot p2) (slot p3))

(deffunction turn (?b ?p ?q)
  (- (* (- (div ?p 1000) (div ?b 1000)) (- (mod ?q 1000) (mod ?b 1000)))
     (* (- (mod ?p 1000) (mod ?b 1000)) (- (div ?q 1000) (div ?b 1000)))))

(defrule begin
  ?s <- (stage (state begin))
  =>
  (modify ?s (state reverse)))

(defrule reverse-edges
  (declare (salience 1))
  (stage (state reverse))
  ?l <- (line (p1 ?p1) (p2 ?p2))
  =>
  (assert (edge (from ?p1) (to ?p2) (joined FALSE) (label none)))
  (assert (edge (from ?p2) (to ?p1) (joined FALSE) (label none)))
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
  ?f <- (edge (from ?b) (to ?p2&:(> ?p2 ?p1)) (joined FALSE))
  =>
  (assert (junction (base ?b) (kind L) (p1 ?p1) (p2 ?p2) (p3 0)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE)))

(defrule done-detecting
  ?s <- (stage (state detect))
  =>
  (modify ?s (state first)))

(defrule first-boundary
  ?s <- (stage (state first))
  (junction (base ?b) (kind arrow) (p1 ?p1) (p2 ?p2) (p3 ?p3))
  (not (junction (base ?other&:(< ?other ?b))))
  ?e <- (edge (from ?b) (to ?p1))
  ?f <- (edge (from ?b) (to ?p2))
  ?g <- (edge (from ?b) (to ?p3))
  =>
  (modify ?e (label B))
  (modify ?f (label +))
  (modify ?g (label B))
  (modify ?s (state second)))

(defrule second-boundary
  ?s <- (stage (state second))
  (junction (base ?b) (kind arrow) (p1 ?p1) (p2 ?p2) (p3 ?p3))
  (not (junction (base ?other&:(> ?other ?b))))
  ?e <- (edge (from ?b) (to ?p1))
  ?f <- (edge (from ?b) (to ?p2))
  ?g <- (edge (from ?b) (to ?p3))
  =>
  (modify ?e (label B))
  (modify ?f (label +))
  (modify ?g (label B))
  (modify ?s (state label)))

(defrule label-fork-convex
  (declare (salience 2))
  (stage (state label))
  (junction (base ?b) (kind fork))
  (edge (from ?b) (label +))
  ?f <- (edge (from ?b) (to ?p2) (label none))
  ?g <- (edge (from ?b) (to ?p3&:(> ?p3 ?p2)) (label none))
  =>
  (modify ?f (label +))
  (modify ?g (label +)))

(defrule label-fork-outline
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind fork))
  (edge (from ?b) (label -))
  (edge (from ?b) (label B))
  ?g <- (edge (from ?b) (label none))
  =>
  (modify ?g (label B)))

(defrule label-fork-concave
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind fork))
  (edge (from ?b) (to ?p1) (label ?label&B|-))
  (edge (from ?b) (to ?p2&:(> ?p2 ?p1)) (label ?label))
  ?g <- (edge (from ?b) (label none))
  =>
  (modify ?g (label -)))

(defrule label-arrow-barb
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind arrow) (p2 ?shaft))
  (edge (from ?b) (to ~?shaft) (label ?label&~none))
  ?f <- (edge (from ?b) (to ~?shaft) (label none))
  =>
  (modify ?f (label ?label)))

(defrule label-arrow-shaft
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind arrow) (p2 ?shaft))
  (edge (from ?b) (to ~?shaft) (label ?label&~none))
  ?f <- (edge (from ?b) (to ?shaft) (label none))
  =>
  (modify ?f (label (if (eq ?label +) then - else +))))

(defrule label-arrow-from-shaft
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind arrow) (p2 ?shaft))
  (edge (from ?b) (to ?shaft) (label -))
  ?f <- (edge (from ?b) (to ~?shaft) (label none))
  =>
  (modify ?f (label +)))

(defrule label-l
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind L))
  (edge (from ?b) (label ~none))
  ?f <- (edge (from ?b) (label none))
  =>
  (modify ?f (label B)))

(defrule label-tee
  (declare (salience 1))
  (stage (state label))
  (junction (base ?b) (kind tee) (p3 ?stem))
  ?e <- (edge (from ?b) (to ~?stem) (label none))
  =>
  (modify ?e (label B)))

(defrule match-edge
  (declare (salience 1))
  (stage (state label))
  (edge (from ?p1) (to ?p2) (label ?label&~none))
  ?f <- (edge (from ?p2) (to ?p1) (label none))
  =>
  (modify ?f (label ?label)))

(defrule done-labeling
  ?s <- (stage (state label))
  =>
  (modify ?s (state done)))
