#pragma once

#include "message_transport.h"
#include "mpi_library.h"
#include "polling.h"
#include "tree_sum.h"
