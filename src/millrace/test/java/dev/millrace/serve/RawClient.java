package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A client that sends bytes as they are, which the checks of ordinary clients would refuse. */
public final class RawClient implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 20_000;
    private static final String END = "\r\n\r\n"; // of a head

    private final Socket socket;
    private final InputStream in;

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** An answer as it came. */
    public record Answer(String head, String body) {

        private static final ObjectMapper MAPPER = new ObjectMapper();

        public int status() {
            return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3));
        }

        /** Empty if there is none. */
        public String header(String name) {
            Matcher line = Pattern.compile("(?im)^" + name + ": *(.*)$").matcher(head);
            return line.find() ? line.group(1) : "";
        }

        public JsonNode json() throws IOException {
            return MAPPER.readTree(body);
        }

        /** The text at a place in the JSON, such as {@code /items/0/item}. */
        public String text(String pointer) throws IOException {
            return json().at(pointer).asText();
        }

        double number(String pointer) throws IOException {
            return json().at(pointer).asDouble();
        }

        boolean isProblem() {
            return header("Content-Type").equals(Problem.CONTENT_TYPE);
        }

        /** Returns the detail of a problem with this status. */
        public String problem(int status) throws IOException {
            assertThat(status()).as(toString()).isEqualTo(status);
            assertThat(isProblem()).as(toString()).isTrue();
            assertThat(json().path("status").asInt()).isEqualTo(status);
            assertThat(text("/detail")).isNotBlank();
            return text("/detail");
        }
    }

    /**
     * Asks one question on a connection of its own. The answer must be as {@link OpenApi} has it.
     *
     * @param line method and target
     * @param headers beside the length of the body; {@code Host: localhost} unless they have another
     */
    public static Answer ask(int port, String line, String body, String... headers) throws IOException {
        return OpenApi.checked(line, askTrainer(port, line, body, headers));
    }

    /** The same of a server that the description leaves out. */
    static Answer askTrainer(int port, String line, String body, String... headers) throws IOException {
        try (RawClient client = new RawClient(port)) {
            return client.send(request(line, body, headers))
                    .answer(!line.startsWith("HEAD "))
                    .orElseThrow();
        }
    }

    static String request(String line, String body, String... headers) {
        StringBuilder request = new StringBuilder(line).append(" HTTP/1.1\r\n");
        if (Stream.of(headers).noneMatch(header -> header.startsWith("Host:"))) {
            request.append("Host: localhost\r\n");
        }
        Stream.of(headers).forEach(header -> request.append(header).append("\r\n"));
        boolean hasLength = !body.isEmpty() || line.startsWith("POST ");
        return request.append(hasLength ? "Content-Length: " + body.length() + END : "\r\n")
                .append(body)
                .toString();
    }

    /** Sends text, each character as one byte. */
    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** Sends nothing more; answers may still come. */
    RawClient endOfInput() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Ends the connection as a client does that is killed: with a reset. */
    void abort() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** The next answer; empty if the connection ended before it. */
    Optional<Answer> answer() throws IOException {
        return answer(true);
    }

    private Optional<Answer> answer(boolean hasBody) throws IOException {
        try {
            StringBuilder read = new StringBuilder();
            while (read.length() < END.length() || read.indexOf(END, read.length() - END.length()) < 0) {
                int next = in.read();
                if (next < 0) {
                    return Optional.empty();
                }
                read.append((char) next);
            }
            String length = new Answer(read.toString(), "").header("Content-Length");
            byte[] body = hasBody && !length.isEmpty() ? in.readNBytes(Integer.parseInt(length)) : new byte[0];
            return Optional.of(new Answer(read.toString(), new String(body, StandardCharsets.UTF_8)));
        } catch (SocketException reset) {
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
