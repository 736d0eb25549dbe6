#include "runtime/poll_page.hpp"

namespace wisp::runtime {

sys::Outcome<PollPage> PollPage::make() {
  auto pages = sys::PageRange::reserve(3 * sys::page_size_bytes());
  if (!pages.ok()) return pages.error();
  PollPage made;
  made.pages_ = std::move(*pages);
  if (auto opened = made.pages_.commit(offset(), sys::page_size_bytes()); !opened.ok()) return opened.error();
  made.guard_ = sys::GuardRange(made.pages_.base() + offset(), sys::page_size_bytes());
  return made;
}

void PollPage::close() {
  if (pages_) (void)pages_.deny(offset(), sys::page_size_bytes());
}

void PollPage::open() {
  if (pages_) (void)pages_.commit(offset(), sys::page_size_bytes());
}

}  // namespace wisp::runtime
