#pragma once

#include "add_floats.h"
#include "message_transport.h"
#include "mpi_library.h"
#include "polling.h"
#include "tree_sum.h"
