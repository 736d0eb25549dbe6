;; A loop that only an exception leads back to never looked at the deadline: the catch clause went straight to the
;; loop's header.
(module
  (tag $e)
  (func (export "run")
    (loop $l (try_table (catch $e $l) (throw $e))))
  (func (export "from_a_callee")
    (loop $l (try_table (catch_all $l) (call $throw))))
  (func $throw (throw $e)))

(assert_trap (invoke "run") "deadline exceeded")
(assert_trap (invoke "from_a_callee") "deadline exceeded")
