package dev.millrace.verify;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Lineage;
import dev.millrace.checkpoint.UnusableCheckpointException;
import dev.millrace.checkpoint.WholeFile;
import dev.millrace.operation.Progress;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.topic.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where audits keep their newest checkpoints. A file appears whole or not at all, whenever the process ends. A
 * checkpoint is checked to its last byte before any of it is used.
 */
final class CheckpointDirectory {

    /** A checkpoint that was checked, and its file. */
    record UsableCheckpoint(Path file, Checkpoint.Header header) {}

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDirectory.class);
    private static final int KEPT = 3;
    private static final Pattern NAME = Pattern.compile("model-([0-8]\\d{18})\\.checkpoint");

    private final Path directory;
    private final Lineage lineage;
    private final Consumer<Path> beforeRename;

    /**
     * @param lineage that a checkpoint must have
     * @param beforeRename told of a file that is written, before it gets its name
     */
    CheckpointDirectory(Path directory, Lineage lineage, Consumer<Path> beforeRename) {
        this.directory = directory;
        this.lineage = lineage;
        this.beforeRename = beforeRename;
    }

    Path path() {
        return directory;
    }

    /**
     * Makes the folder if it is not there.
     *
     * @throws UncheckedIOException if nothing can be written to it
     */
    void prepare() {
        try {
            PrivateDirectory.make(directory);
            Files.delete(Files.createTempFile(directory, "writable", null));
        } catch (IOException refused) {
            throw new UncheckedIOException(
                    "folder of checkpoints " + directory + " cannot be written to: " + refused, refused);
        }
    }

    /** The newest checkpoint, not after that step, that is whole and of this lineage. Logs each newer one that cannot be used. */
    Optional<UsableCheckpoint> newest(long step) {
        List<Long> steps = steps();
        Collections.reverse(steps);
        for (long candidate : steps) {
            if (candidate <= step) {
                Path file = file(candidate);
                try {
                    return Optional.of(read(file, candidate));
                } catch (CorruptEntryException | UnusableCheckpointException unusable) {
                    LOG.atWarn()
                            .addKeyValue("file", file)
                            .addKeyValue("found", unusable.getMessage())
                            .log("Unusable checkpoint; trying the previous one");
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Checks that a checkpoint of a step would replace none but an audit's of this lineage.
     *
     * @throws UncheckedIOException if it would
     */
    void requireFree(long step) {
        Path file = file(step);
        if (Files.exists(file) && !isOwn(file)) {
            throw new UncheckedIOException(new FileAlreadyExistsException(
                    file.toString(), null, "it is of another model: choose another folder of checkpoints"));
        }
    }

    /** Deletes what audits of this lineage wrote: it begins anew. */
    void forget() {
        try {
            for (Path own : steps().stream().map(this::file).filter(this::isOwn).toList()) {
                Files.deleteIfExists(own);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("deleting checkpoints in " + directory, failed);
        }
    }

    /** Writes a checkpoint. Keeps it and the two newest others of this lineage, and deletes what audits wrote before them. */
    Path write(Checkpoint checkpoint) {
        long step = checkpoint.header().step();
        try {
            Path file = file(step);
            CheckpointFile.write(file, checkpoint, beforeRename);
            tidy(file);
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException("checkpoint of step " + step + " in " + directory, failed);
        }
    }

    private UsableCheckpoint read(Path file, long step) {
        Checkpoint.Header header = CheckpointFile.read(file, (key, value) -> {}, Progress.NONE);
        foreign(header).ifPresent(why -> {
            throw new CorruptEntryException(why);
        });
        if (header.step() != step) {
            throw new CorruptEntryException("it is of step " + header.step());
        }
        return new UsableCheckpoint(file, header);
    }

    /** Why a checkpoint is none of an audit of this lineage; absent if it is one. */
    private Optional<String> foreign(Checkpoint.Header header) {
        return lineage.difference(header.lineage())
                .or(() -> header.origin().source() == Checkpoint.Source.AUDIT
                        ? Optional.empty()
                        : Optional.of(
                                "it was written by " + header.origin().source().text()
                                        + "; an audit uses only checkpoints that such an audit wrote"));
    }

    /** Leaves every file that no audit of this lineage wrote, and what cannot be read. */
    private void tidy(Path written) throws IOException {
        List<Path> others = steps().stream()
                .map(this::file)
                .filter(file -> !file.equals(written) && isOwn(file))
                .toList();
        for (Path old : others.subList(0, Math.max(0, others.size() - (KEPT - 1)))) {
            Files.deleteIfExists(old);
        }
        for (Path left : list(CheckpointDirectory::isUnfinished)) {
            Files.deleteIfExists(left);
        }
    }

    private boolean isOwn(Path file) {
        try {
            return foreign(CheckpointFile.header(file)).isEmpty();
        } catch (CorruptEntryException | UnusableCheckpointException unusable) {
            return false;
        }
    }

    private static boolean isUnfinished(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(WholeFile.UNFINISHED)
                && NAME.matcher(name.substring(0, name.length() - WholeFile.UNFINISHED.length()))
                        .matches()
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Steps of the files, ascending. */
    private List<Long> steps() {
        List<Long> steps = new ArrayList<>();
        for (Path file : list(path -> true)) {
            Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
            if (name.matches()) {
                steps.add(Long.parseLong(name.group(1)));
            }
        }
        Collections.sort(steps);
        return steps;
    }

    private List<Path> list(Predicate<Path> wanted) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(wanted).toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("checkpoints in " + directory, unreadable);
        }
    }

    private Path file(long step) {
        return directory.resolve("model-%019d.checkpoint".formatted(step));
    }
}
