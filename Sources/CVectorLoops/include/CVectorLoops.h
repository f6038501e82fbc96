#pragma once

// The loops of the CPU backend, one header and one source file per operation, named after it. A new header goes here.

#include "activation.h"
#include "adam.h"
#include "batch_gather.h"
#include "batch_normalization.h"
#include "binary_cross_entropy.h"
#include "convolution.h"
#include "copy.h"
#include "device_peaks.h"
#include "fill.h"
#include "l1_loss.h"
#include "max_pooling.h"
#include "mean_squared_error.h"
#include "multiversion.h"
#include "processor_affinity.h"
#include "processor_pause.h"
#include "product.h"
#include "random_fill.h"
#include "upsampling.h"
#include "winograd.h"
