#include "runtime/poll_page.hpp"

namespace wisp::runtime {

sys::Outcome<PollPage> PollPage::make() {
  auto pages = sys::PageRange::reserve(3 * sys::page_size_bytes());
  if (!pages.ok()) return pages.error();
  PollPage made;
  made.pages_ = std::move(*pages);
  if (auto fenced = made.pages_.allow_reading(0, made.pages_.size_bytes()); !fenced.ok()) return fenced.error();
  if (auto opened = made.pages_.commit(offset(), sys::page_size_bytes()); !opened.ok()) return opened.error();
  made.guard_ = sys::GuardRange(made.pages_.base() + offset(), sys::page_size_bytes());
  return made;
}

void PollPage::close() {
  if (pages_) WISP_CHECK(pages_.deny(offset(), sys::page_size_bytes()).ok());
}

void PollPage::open() {
  if (pages_) WISP_CHECK(pages_.commit(offset(), sys::page_size_bytes()).ok());
}

}  // namespace wisp::runtime
