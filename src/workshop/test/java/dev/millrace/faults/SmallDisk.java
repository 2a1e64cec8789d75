package dev.millrace.faults;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system of its own, in memory, small; unmounted when closed. */
final class SmallDisk implements AutoCloseable {

    private final Path directory;

    private SmallDisk(Path directory) {
        this.directory = directory;
    }

    /** Mounts one; where that is not allowed, the test is skipped. */
    static SmallDisk mount(Path directory, long kilobytes) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        String refused = run("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k", "faults", directory.toString());
        assumeTrue(refused.isEmpty(), "skipped: needs root, to mount a tmpfs: " + refused);
        return new SmallDisk(directory);
    }

    /** Copies what is under another directory to it. */
    void fill(Path from) throws IOException, InterruptedException {
        must("cp", "-a", from + "/.", directory.toString());
    }

    /** Makes it so small that this much is free. */
    void leave(long kilobytes) throws IOException, InterruptedException {
        FileStore store = Files.getFileStore(directory);
        grow((store.getTotalSpace() - store.getUnallocatedSpace()) / 1024 + kilobytes);
    }

    /** Takes all that is free, by a file. */
    void exhaust() throws IOException {
        try (OutputStream out = Files.newOutputStream(filler())) {
            byte[] page = new byte[4096];
            while (true) {
                out.write(page);
            }
        } catch (IOException full) {
            if (!String.valueOf(full.getMessage()).contains("No space left on device")) {
                throw full;
            }
        }
    }

    /** Gives back what {@link #exhaust} took. */
    void relieve() throws IOException {
        Files.delete(filler());
    }

    Path directory() {
        return directory;
    }

    void grow(long kilobytes) throws IOException, InterruptedException {
        must("mount", "-o", "remount,size=" + kilobytes + "k", directory.toString());
    }

    void allowWriting(boolean isAllowed) throws IOException, InterruptedException {
        must("mount", "-o", "remount," + (isAllowed ? "rw" : "ro"), directory.toString());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        // lazily: a process that was killed a moment ago may still be leaving
        must("umount", "--lazy", directory.toString());
    }

    private Path filler() {
        return directory.resolve("filler");
    }

    private static void must(String... command) throws IOException, InterruptedException {
        String refused = run(command);
        if (!refused.isEmpty()) {
            throw new IOException(String.join(" ", command) + ": " + refused);
        }
    }

    /** What the command said if it failed; empty if it did not. */
    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int status = process.waitFor();
        return status == 0 ? "" : said.isEmpty() ? "exit status " + status : said;
    }
}
