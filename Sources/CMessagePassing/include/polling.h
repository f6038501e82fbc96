#pragma once

/// Pauses the calling thread between two looks at messages that are under way: at first only to let others have the
/// processor, then for longer the more looks in a row found nothing, up to 50 µs.
void polling_pause(unsigned empty_looks);
