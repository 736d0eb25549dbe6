(module (func (export "f") (loop $again (br $again))))
(assert_return (invoke "f"))
(assert_return (invoke "f"))
