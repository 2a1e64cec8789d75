package dev.millrace.checkpoint;

import dev.millrace.operation.Progress;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
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
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where audits keep their newest checkpoints. A file appears whole or not at all, whenever the process ends. A
 * checkpoint is checked to its last byte before any of it is used.
 *
 * @param <H> header of a checkpoint
 */
public final class CheckpointDirectory<H> {

    /** A checkpoint that was checked, and its file. */
    public record UsableCheckpoint<H>(Path file, H header) {}

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDirectory.class);
    private static final int KEPT = 3;

    private final Path directory;
    private final Form<H> form;
    private final Pattern name;
    private final Consumer<Path> beforeRename;

    /**
     * What the checkpoints of one kind of audit are like.
     *
     * @param prefix of the files' names, before the number
     * @param number by which they are ordered
     * @param foreign why a checkpoint is none of such an audit; absent if it is one
     */
    public record Form<H>(
            String prefix, EntryFile<H> file, ToLongFunction<H> number, Function<H, Optional<String>> foreign) {}

    /** @param beforeRename told of a file that is written, before it gets its name */
    public CheckpointDirectory(Path directory, Form<H> form, Consumer<Path> beforeRename) {
        this.directory = directory;
        this.form = form;
        this.name = Pattern.compile(Pattern.quote(form.prefix) + "-([0-8]\\d{18})\\.checkpoint");
        this.beforeRename = beforeRename;
    }

    /**
     * Checkpoints of the model.
     *
     * @param lineage that a checkpoint must have
     * @param beforeRename told of a file that is written, before it gets its name
     */
    public static CheckpointDirectory<Checkpoint.Header> ofModel(
            Path directory, Lineage lineage, Consumer<Path> beforeRename) {
        return new CheckpointDirectory<>(
                directory,
                new Form<>("model", CheckpointFile.FORM, Checkpoint.Header::step, header -> foreign(lineage, header)),
                beforeRename);
    }

    public Path path() {
        return directory;
    }

    /**
     * Makes the folder if it is not there.
     *
     * @throws UncheckedIOException if nothing can be written to it
     */
    public void prepare() {
        try {
            PrivateDirectory.make(directory);
            Files.delete(Files.createTempFile(directory, "writable", null));
        } catch (IOException refused) {
            throw new UncheckedIOException(
                    "folder of checkpoints " + directory + " cannot be written to: " + refused, refused);
        }
    }

    /** The newest checkpoint, not after that number, that is whole and of this kind. Logs each newer one that cannot be used. */
    public Optional<UsableCheckpoint<H>> newest(long step) {
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
    public void requireFree(long step) {
        Path file = file(step);
        if (Files.exists(file) && !isOwn(file)) {
            throw new UncheckedIOException(new FileAlreadyExistsException(
                    file.toString(), null, "it is of another model: choose another folder of checkpoints"));
        }
    }

    /** Deletes what audits of this lineage wrote: it begins anew. */
    public void forget() {
        try {
            for (Path own : steps().stream().map(this::file).filter(this::isOwn).toList()) {
                Files.deleteIfExists(own);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("deleting checkpoints in " + directory, failed);
        }
    }

    /** Writes a checkpoint. Keeps it and the two newest others of this kind, and deletes what audits wrote before them. */
    public Path write(H header, EntrySource entries) {
        Path file = file(form.number.applyAsLong(header));
        try {
            form.file.write(file, header, entries, Progress.NONE, beforeRename);
            tidy(file);
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException("checkpoint " + file, failed);
        }
    }

    private UsableCheckpoint<H> read(Path file, long number) {
        H header = form.file.read(file, (key, value) -> {}, Progress.NONE);
        form.foreign.apply(header).ifPresent(why -> {
            throw new CorruptEntryException(why);
        });
        if (form.number.applyAsLong(header) != number) {
            throw new CorruptEntryException("its number is " + form.number.applyAsLong(header));
        }
        return new UsableCheckpoint<>(file, header);
    }

    private static Optional<String> foreign(Lineage lineage, Checkpoint.Header header) {
        return lineage.difference(header.lineage())
                .or(() -> header.origin().source() == Checkpoint.Source.AUDIT
                        ? Optional.empty()
                        : Optional.of(
                                "it was written by " + header.origin().source().text()
                                        + "; an audit uses only checkpoints that such an audit wrote"));
    }

    /** Leaves every file that no audit of this kind wrote, and what cannot be read. */
    private void tidy(Path written) throws IOException {
        List<Path> others = steps().stream()
                .map(this::file)
                .filter(file -> !file.equals(written) && isOwn(file))
                .toList();
        for (Path old : others.subList(0, Math.max(0, others.size() - (KEPT - 1)))) {
            Files.deleteIfExists(old);
        }
        for (Path left : list(this::isUnfinished)) {
            Files.deleteIfExists(left);
        }
    }

    private boolean isOwn(Path file) {
        try {
            return form.foreign.apply(form.file.header(file)).isEmpty();
        } catch (CorruptEntryException | UnusableCheckpointException unusable) {
            return false;
        }
    }

    private boolean isUnfinished(Path file) {
        String found = String.valueOf(file.getFileName());
        return found.endsWith(WholeFile.UNFINISHED)
                && name.matcher(found.substring(0, found.length() - WholeFile.UNFINISHED.length()))
                        .matches()
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Steps of the files, ascending. */
    private List<Long> steps() {
        List<Long> steps = new ArrayList<>();
        for (Path file : list(path -> true)) {
            Matcher found = name.matcher(String.valueOf(file.getFileName()));
            if (found.matches()) {
                steps.add(Long.parseLong(found.group(1)));
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
        return directory.resolve("%s-%019d.checkpoint".formatted(form.prefix, step));
    }
}
