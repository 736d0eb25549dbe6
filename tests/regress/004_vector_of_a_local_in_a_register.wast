;; Locals of loops live in registers, for which vector instructions have no code of their own: the compiler looked for
;; it in a table that is not there.
(module
  (memory 1)
  (func (export "splat") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32x4.extract_lane 2 (i32x4.splat (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))
  (func (export "lanes") (param $n i32) (result i64) (local $i i64) (local $v v128)
    (loop $l
      (local.set $v (i64x2.replace_lane 1 (local.get $v) (local.get $i)))
      (local.set $i (i64.add (i64x2.extract_lane 1 (local.get $v)) (i64.const 1)))
      (br_if $l (i64.lt_u (local.get $i) (i64.extend_i32_u (local.get $n)))))
    (i64x2.extract_lane 1 (local.get $v)))
  (func (export "shifts") (param $n i32) (result i32) (local $i i32) (local $v v128)
    (local.set $v (v128.const i32x4 1 1 1 1))
    (loop $l
      (local.set $v (i32x4.add (local.get $v) (i32x4.shl (local.get $v) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32x4.extract_lane 0 (local.get $v)))
  (func (export "floats") (param $n i32) (result f64) (local $i i32) (local $x f64)
    (loop $l
      (local.set $x (f64.add (f64x2.extract_lane 0 (f64x2.splat (local.get $x))) (f64.const 0.5)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $x))
  (func (export "tables") (param $n i32) (result i32) (local $i i32) (local $k i32)
    (loop $l
      (block $c (block $b (block $a (br_table $a $b $c (i32.and (local.get $i) (i32.const 3))))
        (local.set $k (i32.add (local.get $k) (i32.const 1))) (br $c))
        (local.set $k (select (local.get $k) (local.get $i) (local.get $i))))
      (v128.store (i32.and (local.get $k) (i32.const 255)) (i8x16.splat (local.get $k)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.add (local.get $k) (i32.load (i32.and (local.get $k) (i32.const 255))))))

(assert_return (invoke "splat" (i32.const 100)) (i32.const 4950))
(assert_return (invoke "lanes" (i32.const 10)) (i64.const 9))
(assert_return (invoke "shifts" (i32.const 3)) (i32.const 30))
(assert_return (invoke "floats" (i32.const 9)) (f64.const 4.5))
(assert_return (invoke "tables" (i32.const 16)) (i32.const 67372040))
