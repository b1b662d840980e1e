/* SPDX-License-Identifier: MIT */
/* backwards.c: for the check of the layers: base may not know the model. */
#include "analyzer/model/needy.h"
