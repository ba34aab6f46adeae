/* A `bcryptprimitives.dll` for Wine before 9, which has none: for the checks only, and shipped nowhere. Rust takes
 * random bytes from `ProcessPrng`; the older function does the same. */
#include <stddef.h>

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t length)
{
    return SystemFunction036(buffer, (unsigned long)length);
}
