#pragma once

#include "wisp/code_cache.hpp"

#include "runtime/disk_cache.hpp"

namespace wisp {

struct CodeCache::State {
  std::shared_ptr<runtime::DiskCache> disk;
};

}  // namespace wisp
