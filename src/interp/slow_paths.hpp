#pragma once

#include "interp/state.hpp"

/// What op bodies leave to ordinary functions: what happens rarely, or takes long anyway.
namespace wisp::interp {

/// Ends the guest at the current instruction; `acc` is the TrapReason.
WISP_EXTERN_HANDLER trap_exit(WISP_STATE_PARAMETERS);
/// An access outside of memory 0: reads the size again, since another thread may have grown the memory, and goes on
/// with the same instruction if it has; else traps.
WISP_EXTERN_HANDLER memory_check_failed(WISP_STATE_PARAMETERS);
/// Ends the guest because somebody asked for it; reached only from where loops repeat and functions begin.
WISP_EXTERN_HANDLER interrupted(WISP_STATE_PARAMETERS);
/// After a call that did not return, or a throw; `acc` is its Status. Notes the frame and unwinds it, or goes on in a
/// handler of the exception.
WISP_EXTERN_HANDLER call_failed(WISP_STATE_PARAMETERS);

/// A tail call of a function of the host, which `acc` is; its arguments are in slot 0 and up. Field 1: slots up to
/// which the collector looks.
WISP_EXTERN_HANDLER tail_call_host(WISP_STATE_PARAMETERS);

/// A function has been used as often as it takes to be worth a better tier.
WISP_EXTERN_HANDLER became_hot(WISP_STATE_PARAMETERS);

/// All the code that a function has before its first call: lowers it and goes on there.
WISP_EXTERN_HANDLER lazy_enter(WISP_STATE_PARAMETERS);

}  // namespace wisp::interp
