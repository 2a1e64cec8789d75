package dev.millrace.fuzz;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.event.Rejection;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.Streams;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.HostileBytes;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.RegistryUnreachableException;
import dev.millrace.wire.WireSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;

/**
 * Writers' schemas. The first byte chooses from where: a file of {@code schema.directory}, the schema in a registry's answer, or the
 * whole answer. Behind the first NUL is a value that was written with it.
 *
 * <p>A file is refused as a fault of the settings, a registry's schema as a record that cannot be read, or as a fault of the
 * registry, which here answers all questions alike.
 */
public final class SchemaFuzz {

    private static final Path DIRECTORY = Input.directory();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AtomicInteger ANSWERS = new AtomicInteger();
    private static volatile byte[] answer = new byte[0];
    private static final HttpServer REGISTRY = registry();
    private static AvroWire asking = asking();

    private SchemaFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Input input = new Input(data);
        byte[] rest = input.from(1);
        int end = 0;
        while (end < rest.length && rest[end] != 0) {
            end++;
        }
        byte[] text = Arrays.copyOf(rest, end);
        byte[] value = new Input(rest).from(end + 1);
        switch (input.choice(0, 3)) {
            case 0 -> ofDirectory(text, value);
            case 1 -> ofRegistry(schemaAnswer(text), value);
            default -> {
                if (isJson(text)) { // else it is asked five times, with pauses
                    ofRegistry(text, value);
                }
            }
        }
    }

    private static void ofDirectory(byte[] text, byte[] value) {
        Input.write(DIRECTORY.resolve("any.avsc"), text);
        AvroWire wire;
        try {
            wire = new AvroWire(settings(Optional.empty(), Optional.of(DIRECTORY)));
        } catch (InvalidSettingsException refused) {
            return;
        }
        Schema schema = new Schema.Parser().parse(new String(text, StandardCharsets.UTF_8));
        byte[] header = HostileBytes.header(schema);
        read(wire, ByteBuffer.allocate(header.length + value.length).put(header).put(value));
    }

    private static void ofRegistry(byte[] answered, byte[] value) {
        answer = answered;
        int id = ANSWERS.incrementAndGet();
        if (id % 1_000 == 0) {
            asking = asking(); // it remembers each schema
        }
        read(
                asking,
                ByteBuffer.allocate(5 + value.length).put((byte) 0).putInt(id).put(value));
    }

    private static void read(AvroWire wire, ByteBuffer record) {
        EventRecords events = new EventRecords(wire);
        byte[] bytes = record.array();
        PlainValues values = new PlainValues(wire);
        for (Runnable reading :
                new Runnable[] {() -> values.decode(bytes), () -> events.exposure(bytes), () -> events.item(bytes)}) {
            try {
                reading.run();
            } catch (RuntimeException refused) {
                boolean isPromised = refused instanceof Rejection || refused instanceof RegistryUnreachableException;
                if (!isPromised) {
                    throw refused;
                }
            }
        }
    }

    private static byte[] schemaAnswer(byte[] text) {
        return JSON.createObjectNode()
                .put("schema", new String(text, StandardCharsets.UTF_8))
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isJson(byte[] text) {
        try {
            JSON.readTree(new String(text, StandardCharsets.UTF_8));
            return true;
        } catch (JsonProcessingException none) {
            return false;
        }
    }

    private static WireSettings settings(Optional<URI> registry, Optional<Path> directory) {
        return new WireSettings(WireSettings.Format.SINGLE_OBJECT, registry, "", directory, Streams.limits());
    }

    private static AvroWire asking() {
        return new AvroWire(settings(
                Optional.of(
                        URI.create("http://127.0.0.1:" + REGISTRY.getAddress().getPort())),
                Optional.empty()));
    }

    private static HttpServer registry() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                byte[] body = answer;
                exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
            return server;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
