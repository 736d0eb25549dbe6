(module (func (export "_start")) (func (export "_initialize")))
