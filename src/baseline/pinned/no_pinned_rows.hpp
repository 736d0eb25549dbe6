#pragma once

// Rows of the families that a table leaves out. Included by each pinned_*.cpp after its own definitions.
#ifndef WISP_PINNED_integer
#define WISP_PINNED_integer(semantics, shape)
#endif
#ifndef WISP_PINNED_floating
#define WISP_PINNED_floating(semantics, shape)
#endif
#ifndef WISP_PINNED_branch
#define WISP_PINNED_branch(semantics, shape)
#endif
#ifndef WISP_PINNED_memory
#define WISP_PINNED_memory(semantics, shape)
#endif
#ifndef WISP_PINNED_control
#define WISP_PINNED_control(semantics, shape)
#endif
#ifndef WISP_PINNED_calls
#define WISP_PINNED_calls(semantics, shape)
#endif
#ifndef WISP_PINNED_tables
#define WISP_PINNED_tables(semantics, shape)
#endif
#ifndef WISP_PINNED_objects
#define WISP_PINNED_objects(semantics, shape)
#endif
#ifndef WISP_PINNED_vector_integer
#define WISP_PINNED_vector_integer(semantics, shape)
#endif
#ifndef WISP_PINNED_vector_float
#define WISP_PINNED_vector_float(semantics, shape)
#endif
#ifndef WISP_PINNED_atomic
#define WISP_PINNED_atomic(semantics, shape)
#endif
