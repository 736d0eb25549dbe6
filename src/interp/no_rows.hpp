/// Families whose rows the including file does not want: theirs expand to nothing. No include guard on purpose.
#ifndef WISP_ROW_integer
#define WISP_ROW_integer(semantics, shape)
#endif
#ifndef WISP_ROW_floating
#define WISP_ROW_floating(semantics, shape)
#endif
#ifndef WISP_ROW_branch
#define WISP_ROW_branch(semantics, shape)
#endif
#ifndef WISP_ROW_memory
#define WISP_ROW_memory(semantics, shape)
#endif
#ifndef WISP_ROW_control
#define WISP_ROW_control(semantics, shape)
#endif
#ifndef WISP_ROW_calls
#define WISP_ROW_calls(semantics, shape)
#endif
#ifndef WISP_ROW_objects
#define WISP_ROW_objects(semantics, shape)
#endif
#ifndef WISP_ROW_vector_integer
#define WISP_ROW_vector_integer(semantics, shape)
#endif
#ifndef WISP_ROW_vector_float
#define WISP_ROW_vector_float(semantics, shape)
#endif
#ifndef WISP_ROW_atomic
#define WISP_ROW_atomic(semantics, shape)
#endif
#ifndef WISP_ROW_tables
#define WISP_ROW_tables(semantics, shape)
#endif
