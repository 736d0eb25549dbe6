#pragma once

/// The whole C++ interface of wisp.
#include "wisp/caller.hpp"
#include "wisp/code_cache.hpp"
#include "wisp/config.hpp"
#include "wisp/engine.hpp"
#include "wisp/error.hpp"
#include "wisp/func.hpp"
#include "wisp/instance.hpp"
#include "wisp/limits.hpp"
#include "wisp/linker.hpp"
#include "wisp/memory.hpp"
#include "wisp/module.hpp"
#include "wisp/store.hpp"
#include "wisp/trap.hpp"
#include "wisp/types.hpp"
#include "wisp/value.hpp"
#include "wisp/wasi.hpp"
