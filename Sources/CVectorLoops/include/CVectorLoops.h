#pragma once

// The loops of the CPU backend, one header and one source file per operation, named after it. A new header goes here.

#include "convolution.h"
#include "multiversion.h"
#include "processor_affinity.h"
#include "processor_pause.h"
#include "product.h"
