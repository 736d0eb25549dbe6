#include <array>
#include <utility>

#include "interp/state.hpp"

// What the compiler puts between op bodies: moves between pins, accumulators and the slot of field 0. They leave the
// accumulators. The order is that of PinMove (pin_moves.hpp).
namespace wisp::baseline {

using interp::Handler;
using interp::slot_at;
using interp::State;
using interp::unknown;

#define WISP_PIN_MOVE(name, statement)                                   \
  template <u32 pin>                                                     \
  [[clang::preserve_none]] runtime::Status name(WISP_STATE_PARAMETERS) { \
    State s{WISP_STATE_ARGUMENTS};                                       \
    statement;                                                           \
    WISP_NEXT(2);                                                        \
  }

WISP_PIN_MOVE(load_pin, s.pins[pin] = *slot_at(s, 0))
WISP_PIN_MOVE(store_pin, *slot_at(s, 0) = s.pins[pin])
WISP_PIN_MOVE(set_pin, s.pins[pin] = s.acc)
WISP_PIN_MOVE(set_pin_const32, s.pins[pin] = interp::hole(interp::wisp_wide))
WISP_PIN_MOVE(set_pin_const64, s.pins[pin] = interp::word(s, 2))
WISP_PIN_MOVE(copy_from_pin0, s.pins[pin] = s.pins[0])
WISP_PIN_MOVE(copy_from_pin1, s.pins[pin] = s.pins[1])
WISP_PIN_MOVE(copy_from_pin2, s.pins[pin] = s.pins[2])
WISP_PIN_MOVE(copy_from_pin3, s.pins[pin] = s.pins[3])
WISP_PIN_MOVE(load_vpin64, s.vpins[pin] = interp::vector_of(interp::load_slot<f64>(slot_at(s, 0))))
WISP_PIN_MOVE(load_vpin128, s.vpins[pin] = interp::load_slot<interp::Vector>(slot_at(s, 0)))
WISP_PIN_MOVE(store_vpin64, interp::store_slot(slot_at(s, 0), interp::from_vector<f64>(s.vpins[pin])))
WISP_PIN_MOVE(store_vpin128, interp::store_slot(slot_at(s, 0), s.vpins[pin]))
WISP_PIN_MOVE(set_vpin, s.vpins[pin] = s.vacc)
WISP_PIN_MOVE(take_vpin, s.vacc = s.vpins[pin])
WISP_PIN_MOVE(set_vpin_const32, s.vpins[pin] = interp::vector_of(std::bit_cast<f64>(u64{interp::wide_field(s)})))
WISP_PIN_MOVE(set_vpin_const64, s.vpins[pin] = interp::vector_of(std::bit_cast<f64>(interp::word(s, 2))))
WISP_PIN_MOVE(copy_from_vpin0, s.vpins[pin] = s.vpins[0])
WISP_PIN_MOVE(copy_from_vpin1, s.vpins[pin] = s.vpins[1])
WISP_PIN_MOVE(copy_from_vpin2, s.vpins[pin] = s.vpins[2])
WISP_PIN_MOVE(copy_from_vpin3, s.vpins[pin] = s.vpins[3])
WISP_PIN_MOVE(copy_from_vpin4, s.vpins[pin] = s.vpins[4])
WISP_PIN_MOVE(copy_from_vpin5, s.vpins[pin] = s.vpins[5])
WISP_PIN_MOVE(copy_from_vpin6, s.vpins[pin] = s.vpins[6])

#define WISP_PINS(name) name<0>, name<1>, name<2>, name<3>
#define WISP_VPINS(name) name<0>, name<1>, name<2>, name<3>, name<4>, name<5>, name<6>

extern const Handler pin_moves_handlers[];
const Handler pin_moves_handlers[] = {
    WISP_PINS(load_pin),          WISP_PINS(store_pin),         WISP_PINS(set_pin),
    WISP_PINS(set_pin_const32),   WISP_PINS(set_pin_const64),   WISP_PINS(copy_from_pin0),
    WISP_PINS(copy_from_pin1),    WISP_PINS(copy_from_pin2),    WISP_PINS(copy_from_pin3),
    WISP_VPINS(load_vpin64),      WISP_VPINS(load_vpin128),     WISP_VPINS(store_vpin64),
    WISP_VPINS(store_vpin128),    WISP_VPINS(set_vpin),         WISP_VPINS(take_vpin),
    WISP_VPINS(set_vpin_const32), WISP_VPINS(set_vpin_const64), WISP_VPINS(copy_from_vpin0),
    WISP_VPINS(copy_from_vpin1),  WISP_VPINS(copy_from_vpin2),  WISP_VPINS(copy_from_vpin3),
    WISP_VPINS(copy_from_vpin4),  WISP_VPINS(copy_from_vpin5),  WISP_VPINS(copy_from_vpin6),
};

}  // namespace wisp::baseline
