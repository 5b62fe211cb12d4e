"""Every port kept in memory: transactional, safe to share among threads, and gone with the process."""

from quarterturn_adapters.memory.work import MemoryDatabase, MemoryWork

__all__ = ["MemoryDatabase", "MemoryWork"]
