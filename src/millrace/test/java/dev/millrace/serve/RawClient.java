package dev.millrace.serve;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A client that sends bytes as they are, which the checks of ordinary clients would refuse. */
final class RawClient implements AutoCloseable {

    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");
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
    record Answer(String head, String body) {

        int status() {
            return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3));
        }

        boolean isProblem() {
            return head.toLowerCase(Locale.ROOT).contains("content-type: application/problem+json");
        }
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
        try {
            StringBuilder read = new StringBuilder();
            while (read.length() < END.length() || read.indexOf(END, read.length() - END.length()) < 0) {
                int next = in.read();
                if (next < 0) {
                    return Optional.empty();
                }
                read.append((char) next);
            }
            String head = read.toString();
            Matcher length = LENGTH.matcher(head);
            byte[] body = length.find() ? in.readNBytes(Integer.parseInt(length.group(1))) : new byte[0];
            return Optional.of(new Answer(head, new String(body, StandardCharsets.UTF_8)));
        } catch (SocketException reset) {
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
