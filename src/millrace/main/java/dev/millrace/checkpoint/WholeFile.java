package dev.millrace.checkpoint;

import dev.millrace.topic.PrivateDirectory;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Consumer;

/** A file that appears whole or not at all, whenever the process or the machine ends. */
public final class WholeFile {

    /** Suffix of the name until the file is whole. */
    public static final String UNFINISHED = ".part";

    /** Writes the content of a file. */
    interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private WholeFile() {}

    static void write(Path file, Content content) throws IOException {
        write(file, content, unfinished -> {});
    }

    /** Writes the file beside its place, syncs it, renames it and syncs the directory. */
    static void write(Path file, Content content, Consumer<Path> beforeRename) throws IOException {
        Path whole = file.toAbsolutePath();
        Path directory = Optional.ofNullable(whole.getParent()).orElse(whole);
        PrivateDirectory.make(directory);
        Path unfinished = directory.resolve(whole.getFileName() + UNFINISHED);
        try (FileOutputStream opened = new FileOutputStream(unfinished.toFile())) {
            OutputStream out = new BufferedOutputStream(opened, 1 << 16);
            content.writeTo(out);
            out.flush();
            opened.getFD().sync();
        }
        beforeRename.accept(unfinished);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
            entry.force(true);
        }
    }
}
