package dev.millrace.model.graph;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Keeps lines of SameDiff from the standard output, where the answers of commands are: it prints them while it works out gradients. */
final class QuietOutput extends PrintStream {

    private static final String NOISE = "Added differentiated op";

    private final PrintStream output;

    private QuietOutput(PrintStream output) {
        super(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        this.output = output;
    }

    /** Runs a task that may print such lines. What others print meanwhile is printed. */
    static void during(Runnable task) {
        synchronized (QuietOutput.class) {
            PrintStream before = System.out;
            System.setOut(new QuietOutput(before));
            try {
                task.run();
            } finally {
                System.setOut(before);
            }
        }
    }

    @Override
    public void println(@Nullable String line) {
        if (line == null || !line.startsWith(NOISE)) {
            output.println(line);
        }
    }

    @Override
    public void print(@Nullable String text) {
        output.print(text);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
        output.write(bytes, from, length);
    }

    @Override
    public void write(int one) {
        output.write(one);
    }

    @Override
    public void flush() {
        output.flush();
    }
}
