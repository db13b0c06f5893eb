"""limited.py SECONDS MEMORY_MB COMMAND...: runs a command with limits on its processor time, its
memory and the files that it writes. A process of its own, so that the limits are set between fork
and exec whatever threads the caller has."""
import os
import resource
import sys

LARGEST_FILE = 256 << 20

seconds, memory = int(sys.argv[1]), int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execvp(sys.argv[3], sys.argv[3:])
