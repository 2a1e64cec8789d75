package dev.millrace.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** What some accounts send between the events of others. The instructions go on side by side: before each honest event, each does what is due. */
record Program(List<Instruction> instructions) {

    static final int MOST = 8;

    private static final String NOTE = "#";
    private static final ObjectMapper JSON = new ObjectMapper();

    Program {
        instructions = List.copyOf(instructions);
    }

    static Program random(RandomGenerator random, int accounts) {
        int count = 1 + random.nextInt(4);
        return new Program(Stream.generate(() -> Instruction.random(random, accounts))
                .limit(count)
                .toList());
    }

    /** Returns a program that differs in one to three things. */
    Program mutated(RandomGenerator random, int accounts) {
        List<Instruction> changed = new ArrayList<>(instructions);
        for (int left = 1 + random.nextInt(3); left > 0; left--) {
            int at = random.nextInt(changed.size());
            switch (random.nextInt(8)) {
                case 0 -> {
                    if (changed.size() < MOST) {
                        changed.add(random.nextInt(changed.size() + 1), Instruction.random(random, accounts));
                    }
                }
                case 1 -> {
                    if (changed.size() > 1) {
                        changed.remove(at);
                    }
                }
                case 2 -> {
                    if (changed.size() < MOST) {
                        changed.add(at, changed.get(at).mutated(random, accounts));
                    }
                }
                default -> changed.set(at, changed.get(at).mutated(random, accounts));
            }
        }
        return new Program(changed);
    }

    static Program read(Path file) throws IOException {
        List<Instruction> instructions = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.startsWith(NOTE)) {
                instructions.add(JSON.readValue(line, Instruction.class));
            }
        }
        return new Program(instructions);
    }

    /** @param note what a reader should know, in one line */
    void write(Path file, String note) throws IOException {
        StringBuilder text = new StringBuilder(NOTE + ' ' + note + '\n');
        for (Instruction instruction : instructions) {
            text.append(JSON.writeValueAsString(instruction)).append('\n');
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text);
    }
}
