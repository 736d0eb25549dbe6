;; Addresses of loops count in 64 bits where that is known to be the same; where 32 bits begin anew, it is not.
(module
  (memory 1 1)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10")
  ;; From -16 on: the sum of counter and constant begins anew before the first access.
  (func (export "from_below") (result i32) (local $i i32) (local $sum i32)
    (local.set $i (i32.const -16))
    (loop $l
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3))
        (i32.load8_u (i32.add (local.get $i) (i32.const 16)))))
      (br_if $l (local.tee $i (i32.add (local.get $i) (i32.const 1)))))
    (local.get $sum))
  ;; In the middle of the loop: 65528 bytes beyond 4 GiB - 8 are outside, and 0 to 7 are not.
  (func (export "across") (param $i i32) (result i32) (local $end i32) (local $sum i32)
    (local.set $end (i32.add (local.get $i) (i32.const 16)))
    (loop $l
      (if (i32.lt_u (local.get $i) (i32.const 65536))
        (then (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $end))))
    (local.get $sum))
  (func (export "across_constant") (result i32) (local $i i32) (local $sum i32)
    (local.set $i (i32.const -8))
    (loop $l
      (if (i32.lt_u (local.get $i) (i32.const 65536))
        (then (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (local.get $sum))
  ;; Every access after the first eight is outside.
  (func (export "outside") (result i32) (local $i i32) (local $sum i32)
    (local.set $i (i32.const 65528))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 65552))))
    (local.get $sum)))

(assert_return (invoke "from_below") (i32.const 32285032))
(assert_return (invoke "across" (i32.const -8)) (i32.const 36))
(assert_return (invoke "across" (i32.const 0)) (i32.const 136))
(assert_return (invoke "across_constant") (i32.const 36))
(assert_trap (invoke "outside") "out of bounds memory access")
