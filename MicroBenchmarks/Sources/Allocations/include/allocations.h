#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

/// How often the process has asked for memory so far.
long allocation_count(void);

#endif
