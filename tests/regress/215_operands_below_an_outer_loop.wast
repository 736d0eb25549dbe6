;; A loop that is replaced while it runs, within another: an operand below the outer one was not there for its next turn,
;; and one of a turn that did not come to the inner loop was that of the turn before.
(module
  (func (export "below_both") (param $n i32) (result i32) (local $i i32) (local $s i32) (local $k i32)
    (i32.popcnt (local.get $n))
    (loop $outer
      (local.set $i (i32.const 0))
      (loop $inner
        (local.set $s (i32.add (local.get $s) (local.get $i)))
        (br_if $inner (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (br_if $outer (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 3))))
    (i32.sub (local.get $s)))
  (func (export "around") (param $n i32) (result i32) (local $i i32) (local $s i32) (local $k i32)
    (loop $outer
      (local.get $k)
      (if (i32.eqz (local.get $k))
        (then
          (loop $inner
            (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $i)))
            (br_if $inner (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))))
      (local.set $s)
      (br_if $outer (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 10))))
    (local.get $s))
  (func $again (export "again") (param $n i32) (param $x i32) (result i32) (local $i i32)
    (i32.mul (local.get $x) (i32.const 3))
    (if (local.get $n)
      (then
        (loop $next
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (return_call $again (i32.const 0) (i32.const 14))))))
(assert_return (invoke "below_both" (i32.const 3000000)) (i32.const -913288662))
(assert_return (invoke "around" (i32.const 10000000)) (i32.const 9))
(assert_return (invoke "again" (i32.const 10000000) (i32.const 7)) (i32.const 42))
