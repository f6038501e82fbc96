#pragma once

/// Pauses the calling thread between two looks at messages that are under way: at first only to let others have the
/// processor, then for longer the more looks in a row found nothing. Where somebody waits for the messages, up to 20 µs,
/// since the processor is idle anyway; else up to 200 µs, since each look interrupts a computation.
void polling_pause(unsigned empty_looks, int is_awaited);
