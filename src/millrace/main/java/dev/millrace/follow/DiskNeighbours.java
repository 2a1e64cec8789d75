package dev.millrace.follow;

import dev.millrace.neighbour.NeighbourList;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The lists of neighbours on disk, with some of those that were read last on the heap. Safe for any number of threads. */
final class DiskNeighbours {

    private static final byte NEIGHBOURS = 'N'; // the keys of a model's entries begin with another letter
    private static final int MOST_ON_THE_HEAP = 4_096;

    private final DiskEntries entries;
    /** By key, the last read last. */
    private final Map<ByteBuffer, Optional<NeighbourList>> read = new LinkedHashMap<>(16, 0.75f, true);

    DiskNeighbours(DiskEntries entries) {
        this.entries = entries;
    }

    /**
     * Puts an item's list in place of the one before.
     *
     * @param prefix of the keys of its generation
     * @param list absent if the item has none any more
     */
    void put(byte[] prefix, String item, Optional<NeighbourList> list) {
        byte[] key = key(prefix, item);
        list.ifPresentOrElse(present -> entries.put(key, present.entry()), () -> entries.delete(key));
        synchronized (read) { // behind the disk: who reads the list before is told of it here
            read.remove(ByteBuffer.wrap(key));
        }
    }

    Optional<NeighbourList> get(byte[] prefix, String item) {
        ByteBuffer key = ByteBuffer.wrap(key(prefix, item));
        synchronized (read) {
            Optional<NeighbourList> known = read.get(key);
            if (known != null) {
                return known;
            }
            Optional<NeighbourList> found = entries.get(key.array()).map(entry -> NeighbourList.read(entry, id -> id));
            read.put(key, found);
            if (read.size() > MOST_ON_THE_HEAP) {
                read.remove(read.keySet().iterator().next());
            }
            return found;
        }
    }

    /** Forgets what was read of a generation whose entries were deleted. */
    void dropped(byte[] prefix) {
        ByteBuffer begin = ByteBuffer.wrap(prefix);
        synchronized (read) {
            read.keySet().removeIf(key -> key.slice(0, Math.min(prefix.length, key.limit()))
                    .equals(begin));
        }
    }

    private static byte[] key(byte[] prefix, String item) {
        byte[] own = PrefixedKey.of(NEIGHBOURS, item);
        return ByteBuffer.allocate(prefix.length + own.length)
                .put(prefix)
                .put(own)
                .array();
    }
}
