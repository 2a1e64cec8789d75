package dev.millrace.checkpoint;

import dev.millrace.operation.Progress;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.Sha256;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A form of files with a header and entries: a file appears whole or not at all, and what is read is checked to its last byte.
 *
 * <p>Layout, little-endian: magic (8 bytes); a {@link Frame} of version and header, which names number and
 * bytes of what follows; for each entry, in the unsigned order of the keys, a frame of key length (int32), key and value; SHA-256 of
 * all before (32 bytes); end.
 *
 * @param <H> what the header says
 */
public final class EntryFile<H> {

    private static final byte[] FIRST = {}; // before every key
    private static final int FRAME_HEADER_BYTES = 8;
    private static final int SUM_BYTES = 32;
    private static final int LARGEST_FRAME_BYTES = 64 << 20;

    private final byte[] magic;
    private final int version;
    private final String wayOut;
    private final BiConsumer<Fields, H> writing;
    private final Function<ByteBuffer, H> reading;

    /**
     * @param magic 8 letters
     * @param wayOut what to do with a file of another version
     */
    public EntryFile(
            String magic, int version, String wayOut, BiConsumer<Fields, H> writing, Function<ByteBuffer, H> reading) {
        this.magic = magic.getBytes(StandardCharsets.US_ASCII);
        this.version = version;
        this.wayOut = wayOut;
        this.writing = writing;
        this.reading = reading;
    }

    /** Header and extent of a file that is being read. */
    private record Opening<H>(H header, long entries, long bytes) {}

    /** Reads as much of a file as is asked for. */
    private interface Read<H> {
        H from(EntryFile<H>.Reading in) throws IOException;
    }

    /** Writes texts by key. */
    public static void write(Fields to, SortedMap<String, String> texts) {
        to.integer(texts.size());
        texts.forEach((key, value) -> to.text(key).text(value));
    }

    /** Reads texts by key. */
    public static SortedMap<String, String> texts(ByteBuffer from) {
        SortedMap<String, String> texts = new TreeMap<>();
        for (int left = from.getInt(); left > 0; left--) {
            texts.put(Fields.text(from), Fields.text(from));
        }
        return texts;
    }

    /**
     * Writes a file under that name, in the place of what was there.
     *
     * @param progress told how many entries were written
     * @param beforeRename told of the file when it is written, and not yet under its name
     */
    void write(Path file, H header, EntrySource entries, Progress progress, Consumer<Path> beforeRename)
            throws IOException {
        WholeFile.write(file, out -> write(out, header, entries, progress), beforeRename);
    }

    /**
     * Reads a file to its end.
     *
     * @param entry given each key and value; not to be trusted before this returns
     * @param progress told how many entries were read
     * @throws UnusableCheckpointException if anything is not as it was written
     */
    public H read(Path file, BiConsumer<byte[], byte[]> entry, Progress progress) {
        return reading(file, in -> {
            Opening<H> opening = in.opening();
            in.entries(opening, entry, progress);
            return opening.header;
        });
    }

    /**
     * The header alone, for finding out whose file it is; what follows it is not read.
     *
     * @throws UnusableCheckpointException if it does not begin as a file of this form
     */
    H header(Path file) {
        return reading(file, in -> in.opening().header);
    }

    private H reading(Path file, Read<H> read) {
        try (InputStream opened = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            Reading reading = new Reading(opened, Files.size(file));
            try {
                return read.from(reading);
            } catch (CorruptEntryException corrupt) {
                throw new UnusableCheckpointException(
                        file, "at byte " + reading.at + ": " + corrupt.getMessage(), corrupt);
            } catch (BufferUnderflowException corrupt) {
                throw new UnusableCheckpointException(
                        file, "at byte " + reading.at + ": a frame holds less than it should", corrupt);
            }
        } catch (NoSuchFileException absent) {
            throw new UnusableCheckpointException(file, "there is no such file", absent);
        } catch (IOException unreadable) {
            throw new UnusableCheckpointException(file, String.valueOf(unreadable.getMessage()), unreadable);
        }
    }

    private void write(OutputStream to, H header, EntrySource entries, Progress progress) throws IOException {
        long[] extent = extent(entries);
        AtomicLong written = new AtomicLong();
        MessageDigest sum = Sha256.start();
        DigestOutputStream out = new DigestOutputStream(to, sum);
        out.write(magic);
        Fields fields = new Fields().integer(version);
        writing.accept(fields, header);
        out.write(fields.longInteger(extent[0]).longInteger(extent[1]).framed());
        try {
            entries.scan(FIRST, (key, value) -> {
                write(out, key, value);
                progress.reached("written", written.incrementAndGet(), extent[0]);
                return true;
            });
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
        to.write(sum.digest());
    }

    private static void write(OutputStream out, byte[] key, byte[] value) {
        try {
            out.write(Frame.seal(Frame.allocate(Integer.BYTES + key.length + value.length)
                    .putInt(key.length)
                    .put(key)
                    .put(value)));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** [2] the number of entries, and their bytes in the file. */
    private static long[] extent(EntrySource entries) {
        long[] extent = new long[2];
        entries.scan(FIRST, (key, value) -> {
            extent[0]++;
            extent[1] += FRAME_HEADER_BYTES + Integer.BYTES + key.length + value.length;
            return true;
        });
        return extent;
    }

    private Opening<H> opening(ByteBuffer payload) {
        int found = payload.getInt();
        if (found != version) {
            throw new CorruptEntryException(
                    "it has format version " + found + ", this program reads " + version + ": " + wayOut);
        }
        return new Opening<>(reading.apply(payload), payload.getLong(), payload.getLong());
    }

    /** A file that is being read, and where. */
    private final class Reading {

        private final MessageDigest sum = Sha256.start();
        private final DigestInputStream stream;
        private final long size;
        /** Where the part that is being read begins. */
        long at;
        /** Where the last that was read ends. */
        private long end;

        Reading(InputStream opened, long size) {
            this.stream = new DigestInputStream(opened, sum);
            this.size = size;
        }

        Opening<H> opening() throws IOException {
            if (size < magic.length || !Arrays.equals(exactly(magic.length), magic)) {
                throw new CorruptEntryException("it does not begin as a checkpoint");
            }
            return EntryFile.this.opening(frame());
        }

        /** Reads what follows the header, to the end of the file. */
        void entries(Opening<H> opening, BiConsumer<byte[], byte[]> entry, Progress progress) throws IOException {
            long whole = end + opening.bytes + SUM_BYTES;
            if (size != whole) {
                throw new CorruptEntryException("it has " + size + " bytes, its header names " + whole);
            }
            byte[] before = FIRST;
            for (long number = 0; number < opening.entries; number++) {
                ByteBuffer payload = frame();
                int keyBytes = payload.getInt();
                if (keyBytes < 1 || keyBytes > payload.remaining()) {
                    throw new CorruptEntryException("entry " + number + " names a key of " + keyBytes + " bytes");
                }
                byte[] key = new byte[keyBytes];
                payload.get(key);
                byte[] value = new byte[payload.remaining()];
                payload.get(value);
                if (Arrays.compareUnsigned(before, key) >= 0) {
                    throw new CorruptEntryException("entry " + number + " is not in the order of the keys");
                }
                before = key;
                entry.accept(key, value);
                progress.reached("read", number + 1, opening.entries);
            }
            String found = HexFormat.of().formatHex(sum.digest());
            stream.on(false);
            String written = HexFormat.of().formatHex(exactly(SUM_BYTES));
            if (!written.equals(found)) {
                throw new CorruptEntryException("its SHA-256 is " + found + ", it names " + written);
            }
            if (stream.read() >= 0) {
                throw new CorruptEntryException("it goes on after its end");
            }
        }

        /** The payload of the next frame, checked. */
        private ByteBuffer frame() throws IOException {
            byte[] head = exactly(FRAME_HEADER_BYTES);
            long start = at;
            int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
            if (length < 0 || length > LARGEST_FRAME_BYTES) {
                throw new CorruptEntryException("a frame names " + length + " bytes");
            }
            byte[] payload = exactly(length);
            at = start;
            return Frame.open(ByteBuffer.allocate(head.length + length)
                    .put(head)
                    .put(payload)
                    .array());
        }

        private byte[] exactly(int bytes) throws IOException {
            at = end;
            byte[] read = stream.readNBytes(bytes);
            end += read.length;
            if (read.length < bytes) {
                throw new CorruptEntryException(
                        "it ends early, " + (bytes - read.length) + " bytes before its next part does");
            }
            return read;
        }
    }
}
