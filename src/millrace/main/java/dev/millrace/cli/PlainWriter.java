package dev.millrace.cli;

import java.io.BufferedWriter;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.util.Map;

/** Writes the few letters beyond ASCII that our own texts have in ASCII, where the charset has none of them: ± as +/-. */
final class PlainWriter extends FilterWriter {

    private static final Map<Character, String> IN_ASCII =
            Map.of('±', "+/-", '–', "-", '…', "...", '→', "->", '×', "x", 'µ', "u");

    private final CharsetEncoder encoder;

    private PlainWriter(Writer out, CharsetEncoder encoder) {
        super(out);
        this.encoder = encoder;
    }

    /** Returns a writer to a terminal, a file or a pipe, which sends each line when it ends. */
    static PrintWriter to(OutputStream out, Charset charset) {
        Writer writer = new BufferedWriter(new OutputStreamWriter(out, charset));
        return new PrintWriter(new PlainWriter(writer, charset.newEncoder()), true);
    }

    @Override
    public void write(int letter) throws IOException {
        write(String.valueOf((char) letter));
    }

    @Override
    public void write(char[] letters, int from, int length) throws IOException {
        write(new String(letters, from, length));
    }

    @Override
    public void write(String text, int from, int length) throws IOException {
        StringBuilder plain = new StringBuilder(length);
        for (int at = from; at < from + length; at++) {
            char letter = text.charAt(at);
            String inAscii = IN_ASCII.getOrDefault(letter, "");
            if (inAscii.isEmpty() || encoder.canEncode(letter)) {
                plain.append(letter);
            } else {
                plain.append(inAscii);
            }
        }
        out.write(plain.toString());
    }
}
