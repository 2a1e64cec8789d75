package dev.millrace.fuzz;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Mappings of a small log. The first byte chooses its format.
 *
 * <p>A mapping is refused with its faults, or the log is read by it. A file that cannot be read is told as that.
 */
public final class MappingFuzz {

    private static final SettingsReader SETTINGS = new SettingsReader(Map.of());
    private static final Path DIRECTORY = directory();

    private MappingFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Input input = new Input(data);
        if (input.textFrom(1).contains("/dev")) {
            return; // a device may have no end
        }
        Input.write(DIRECTORY.resolve("mapping.properties"), input.from(1));
        DataFormat format = input.choice(0, 2) == 0 ? DataFormat.CSV : DataFormat.JSONL;
        try (Stream<ReplayEvent> events = format.open(DIRECTORY, SETTINGS).events(bad -> {})) {
            events.forEach(event -> {});
        } catch (InvalidSettingsException refused) {
            Input.require(!refused.faults().isEmpty(), "a refusal has faults");
        } catch (UncheckedIOException unreadable) {
            Input.require(String.valueOf(unreadable.getMessage()).startsWith("cannot "), "it says what cannot be done");
        }
    }

    private static Path directory() {
        Path directory = Input.directory();
        Input.write(
                directory.resolve("log.csv"),
                "user,item,time,clicked\nu1,i1,1767225600000,1\nu2,\"i,2\",1767225600001,0\nu3\n"
                        .getBytes(StandardCharsets.UTF_8));
        Input.write(
                directory.resolve("log.jsonl"),
                "{\"user\": \"u1\", \"item\": {\"id\": \"i1\"}, \"time\": 1767225600000, \"clicked\": true}\n{\n"
                        .getBytes(StandardCharsets.UTF_8));
        return directory;
    }
}
