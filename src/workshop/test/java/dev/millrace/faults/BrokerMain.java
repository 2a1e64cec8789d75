package dev.millrace.faults;

import dev.millrace.topic.EmbeddedBroker;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code millrace broker} with no library but a broker's jars, which may be those of another release of Kafka. It takes the same options, and prints the same line.
 */
final class BrokerMain {

    private BrokerMain() {}

    /** @param arguments {@code broker}, then names and values of options */
    public static void main(String[] arguments) {
        Path directory = Path.of("broker");
        int port = 0;
        Optional<EmbeddedBroker.Detour> detour = Optional.empty();
        Map<String, String> properties = new HashMap<>();
        for (int at = 1; at < arguments.length; at += 2) {
            String value = arguments[at + 1];
            String[] pair = value.split("=", 2);
            switch (arguments[at]) {
                case "--dir" -> directory = Path.of(value);
                case "--port" -> port = Integer.parseInt(value);
                case "--detour" -> detour = Optional.of(new EmbeddedBroker.Detour(Integer.parseInt(pair[0]), pair[1]));
                case "--property" -> properties.put(pair[0], pair[1]);
                default -> throw new IllegalArgumentException(arguments[at]);
            }
        }
        EmbeddedBroker broker = EmbeddedBroker.start(directory, port, detour, properties);
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        System.out.println("broker " + broker.bootstrapServers() + ", data in " + directory);
    }
}
