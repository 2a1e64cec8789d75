package dev.millrace.evaluate;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.WireSettings;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.function.ObjLongConsumer;

/**
 * The examples of a recorded history, made by the {@link Attribution} of the stream or taken from its batches. A temporary file stands for the topics, so that a
 * log may be larger than the heap.
 */
public final class RecordedExamples implements ReplayEvent.Visitor, AutoCloseable {

    /*
     * Layout. The file has entries in the order in which they came: the value's length, its kind, a time, and the value as its topic has it. A batch's items and
     * examples follow it as entries of their own, so that a reader needs one or the other.
     *
     * Memory. An example takes one bit on the heap; offsets of eight bytes are made where examples are read in another order.
     *
     * Lifetime. The file has no name once it is open, so that its bytes are free when this is closed or the process ends, however it ends.
     */

    private static final int HEADER_BYTES = Integer.BYTES + 1 + Long.BYTES;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String NO_TOPIC = ""; // which only a registry asks for

    /** What an entry is. */
    enum Kind {
        EXAMPLE('e'),
        CHANGE('c'),
        BATCH('b');

        private final char code;

        Kind(char code) {
            this.code = code;
        }

        private static Kind of(byte code) {
            return Arrays.stream(values())
                    .filter(kind -> kind.code == code)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /**
     * A change of the catalogue, or the removal of a user.
     *
     * @param items one or none
     * @param removedUsers one or none
     * @param before number of examples that came before
     * @param clock which the learner had reached when it came; 0 if that is for the examples to say
     */
    record Change(List<CatalogueChange> items, List<String> removedUsers, int before, long clock) {}

    /**
     * A window of the log.
     *
     * @param from its first example
     */
    record Window(String name, int from) {}

    private final AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
    private final TrainingRecords records = new TrainingRecords(wire);
    private final Path file;
    private final FileChannel channel;
    private final DataOutputStream out;
    private long written;

    private final List<Attribution> attribution = new ArrayList<>(); // one, until the end
    private SortedMap<String, Books.Account> books = Collections.emptySortedMap();
    private final List<Window> windows = new ArrayList<>();
    private final BitSet positives = new BitSet();
    private int size;
    private OptionalLong firstStep = OptionalLong.empty();

    /** @throws UncheckedIOException if the directory for temporary files cannot be used */
    public RecordedExamples(AttributionSettings settings) {
        try {
            file = Files.createTempFile("millrace-examples-", null); // its owner's alone
            channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException unusable) {
            throw new UncheckedIOException(
                    "examples in " + System.getProperty("java.io.tmpdir") + ", the directory for temporary files",
                    unusable);
        }
        out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES));
        attribution.add(new Attribution(settings, new MemoryEntries(), new Attribution.Output() {
            @Override
            public void example(TrainingExample example) {
                add(example);
            }

            @Override
            public void userFeatures(UserFeatures user) {
                // there are no recall requests in an evaluation
            }

            @Override
            public void userRemoved(String user) {
                // there are no recall requests in an evaluation
            }
        }));
    }

    private Attribution attribution() {
        return attribution.get(0);
    }

    @Override
    public void item(CatalogueItem item) {
        add(item, 0);
    }

    @Override
    public void profile(UserProfile profile) {
        attribution().profile(profile);
    }

    @Override
    public void exposure(Exposure exposure) {
        attribution().expose(exposure);
    }

    @Override
    public void click(Click click) {
        attribution().click(click);
    }

    /** Takes a change of the catalogue, as its topic has it. */
    public void change(byte[] value) {
        write(Kind.CHANGE, 0, value);
    }

    public void removeUser(String user) {
        change(records.encodeUserRemoval(NO_TOPIC, user));
    }

    /** Takes a batch of a log: as it is, its examples, and the items that a producer announced. */
    public void batch(MiniBatch batch) {
        if (firstStep.isEmpty()) {
            firstStep = OptionalLong.of(batch.step());
        }
        write(
                Kind.BATCH,
                batch.clock(),
                wire.encode(Topic.MINI_BATCHES, NO_TOPIC, batch).orElseThrow());
        for (CatalogueChange change : batch.catalogue()) {
            if (change instanceof CatalogueChange.Upsert upsert && upsert.isAnnounced()) {
                add(upsert.item(), batch.clock());
            }
        }
        batch.examples().forEach(this::add);
        batch.exposed().forEach(this::add);
    }

    public void add(TrainingExample example) {
        write(Kind.EXAMPLE, example.time(), records.encode(NO_TOPIC, example));
        positives.set(size++, example.isPositive());
    }

    private void add(CatalogueItem item, long clock) {
        write(Kind.CHANGE, clock, records.encode(NO_TOPIC, new CatalogueChange.Upsert(item)));
    }

    private void write(Kind kind, long time, byte[] value) {
        try {
            out.writeInt(value.length);
            out.writeByte(kind.code);
            out.writeLong(time);
            out.write(value);
            written += HEADER_BYTES + value.length;
        } catch (IOException full) {
            throw unwritable(full);
        }
    }

    private UncheckedIOException unreadable(IOException failed) {
        return new UncheckedIOException("reading the temporary file " + file, failed);
    }

    private UncheckedIOException unwritable(IOException full) {
        return new UncheckedIOException(
                "examples in the temporary file " + file + ", of " + written + " bytes by now", full);
    }

    /**
     * Begins a window of the log.
     *
     * @throws InvalidSettingsException if it was there before
     */
    @Override
    public void window(ReplayEvent.WindowMark mark) {
        String name = mark.window();
        if (windows.stream().anyMatch(window -> window.name().equals(name))) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "data",
                    "window " + name,
                    "comes back after window " + windows.get(windows.size() - 1).name()
                            + "; the events of a window must follow each other in time")));
        }
        windows.add(new Window(name, size));
    }

    /** Ends the recording: what the attribution knows of users and exposures leaves the heap. */
    public void end() {
        books = books();
        attribution.clear();
    }

    /** Returns the outcomes of the events so far. */
    public SortedMap<String, Books.Account> books() {
        return attribution.isEmpty() ? books : attribution().books().accounts();
    }

    /** Returns true if there is something to learn from. */
    public boolean havePositives() {
        return !positives.isEmpty();
    }

    /** Returns the windows of the log, or none if the log does not name any. */
    List<Window> windows() {
        return Collections.unmodifiableList(windows);
    }

    /** Returns the step of the first batch of a log; absent if there are no batches. */
    public OptionalLong firstStep() {
        return firstStep;
    }

    /** Returns the number of examples. */
    int size() {
        return size;
    }

    /** Returns the number of clicked examples of a part. */
    int positives(int from, int to) {
        return positives.get(from, to).cardinality();
    }

    /** Returns the end of a share of the positives of the first examples. Unclicked exposures stay with the positives around them. */
    int endOf(int examples, double share) {
        int all = positives(0, examples);
        long wanted = Math.round(all * share);
        if (wanted == all) {
            return examples;
        }
        int end = 0;
        for (long left = wanted; left > 0; left--) {
            end = positives.nextSetBit(end) + 1;
        }
        return end;
    }

    /** Reads the place and the event time of the first examples. */
    void readTimes(int count, ObjLongConsumer<Integer> to) {
        Reader reader = reader();
        while (reader.examples() < count && reader.advance()) {
            if (reader.kind() == Kind.EXAMPLE) {
                to.accept(reader.before(), reader.time());
            }
        }
    }

    /** Returns a reader of all that was recorded until now. */
    Reader reader() {
        return reader(BUFFER_BYTES);
    }

    /** @param bufferBytes bytes that are read at once, if an entry has no more */
    Reader reader(int bufferBytes) {
        try {
            out.flush();
        } catch (IOException full) {
            throw unwritable(full);
        }
        return new Reader(bufferBytes);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failed) {
            throw new UncheckedIOException("closing " + file, failed);
        }
    }

    /** Reads the entries from the first on. One thread; several may read at a time. */
    final class Reader {

        private final int bufferBytes;
        private final long end = written;
        private DataInputStream in;
        private long next; // offset of the entry behind this one
        private long offset; // of the entry
        private Kind kind = Kind.EXAMPLE;
        private long time;
        private int left; // bytes of the entry's value that were not read
        private int before;
        private int examples; // so far, with this one

        private Reader(int bufferBytes) {
            this.bufferBytes = bufferBytes;
            this.in = from(0);
        }

        private DataInputStream from(long start) {
            return new DataInputStream(new BufferedInputStream(new FileBytes(start), bufferBytes));
        }

        /** Goes on to the next entry. Returns false at the end. */
        boolean advance() {
            if (next == end) {
                return false;
            }
            try {
                in.skipNBytes(left);
                offset = next;
                left = in.readInt();
                kind = Kind.of(in.readByte());
                time = in.readLong();
            } catch (IOException failed) {
                throw unreadable(failed);
            }
            next = offset + HEADER_BYTES + left;
            before = examples;
            examples += kind == Kind.EXAMPLE ? 1 : 0;
            return true;
        }

        private void seek(long to) {
            in = from(to);
            next = to;
            left = 0;
        }

        /** Goes to where another reader goes next. */
        void follow(Reader other) {
            seek(other.next);
            examples = other.examples;
        }

        /** Number of examples up to the entry, with it. */
        int examples() {
            return examples;
        }

        /** Where the entry is. */
        long offset() {
            return offset;
        }

        Kind kind() {
            return kind;
        }

        /** Number of examples before the entry. */
        int before() {
            return before;
        }

        /** Event time of an example, epoch milliseconds. */
        long time() {
            return time;
        }

        /** Returns the example that is there. */
        TrainingExample exampleAt(long at) {
            seek(at);
            boolean unused = advance(); // it is there
            return example();
        }

        TrainingExample example() {
            List<TrainingExample> found = new ArrayList<>(1);
            records.decode(value(), found::add, change -> {}, user -> {});
            return found.get(0);
        }

        Change change() {
            List<CatalogueChange> items = new ArrayList<>(1);
            List<String> removedUsers = new ArrayList<>(1);
            records.decode(value(), example -> {}, items::add, removedUsers::add);
            return new Change(items, removedUsers, before, time);
        }

        MiniBatch batch() {
            return wire.decode(Topic.MINI_BATCHES, new byte[0], value()).orElseThrow();
        }

        private byte[] value() {
            byte[] value = new byte[left];
            try {
                in.readFully(value);
            } catch (IOException failed) {
                throw unreadable(failed);
            }
            left = 0;
            return value;
        }
    }

    /** The file's bytes from an offset on; each reader has its own. */
    private final class FileBytes extends InputStream {
        private long at;

        FileBytes(long at) {
            this.at = at;
        }

        @Override
        public int read(byte[] to, int from, int most) throws IOException {
            int count = channel.read(ByteBuffer.wrap(to, from, most), at);
            at += Math.max(0, count);
            return count;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("it is read through a buffer");
        }
    }
}
