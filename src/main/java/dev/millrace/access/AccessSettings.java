package dev.millrace.access;

import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who may ask the recall server, and how it shows who it is.
 *
 * @param tokens the file of {@link TokenDigests}; absent if everybody may ask
 * @param tls of HTTPS; absent for HTTP
 */
public record AccessSettings(Optional<Path> tokens, Optional<PemFiles> tls) {

    static final String TOKENS = "serve.tokens.file";
    static final String CERTIFICATE = "serve.tls.certificate";

    private static final String KEY = "serve.tls.key";
    private static final Pattern LOOPBACK_4 = Pattern.compile("127(\\.\\d{1,3}){3}");

    /** Everybody may ask, over HTTP. */
    public static final AccessSettings OPEN = new AccessSettings(Optional.empty(), Optional.empty());

    /** @param host that the server binds, the setting {@code serve.host} */
    public static AccessSettings read(SettingsReader reader, String host) {
        Optional<Path> tokens = file(
                reader,
                TOKENS,
                "file of tokens that may ask, reloaded when it changes: a role and a SHA-256 a line; empty: none is asked for");
        Optional<Path> certificate = file(
                reader,
                CERTIFICATE,
                "PEM file of the server's certificate and its chain, reloaded when it changes; empty: HTTP without TLS");
        Optional<Path> key = file(reader, KEY, "PEM file of the certificate's private key, PKCS #8 without a password");
        boolean isInsecure = reader.flag(
                "serve.insecure",
                false,
                "whether serve.host may be another than a loopback address without tokens and TLS, as behind a proxy that has both");
        reader.require(
                certificate.isPresent() == key.isPresent(),
                KEY,
                key.map(Path::toString).orElse(""),
                "must be given with " + CERTIFICATE + ", and only then");
        reader.require(
                isInsecure || isLoopback(host) || (tokens.isPresent() && certificate.isPresent()),
                "serve.host",
                host,
                "must be a loopback address, such as 127.0.0.1, unless " + TOKENS + ", " + CERTIFICATE + " and " + KEY
                        + " are given, or serve.insecure = true");
        return new AccessSettings(tokens, certificate.flatMap(one -> key.map(other -> new PemFiles(one, other))));
    }

    private static Optional<Path> file(SettingsReader reader, String key, String doc) {
        return reader.value(
                key,
                "",
                text -> text.isEmpty() ? Optional.<Path>empty() : Optional.of(Path.of(text)),
                "must be a path",
                doc);
    }

    /** A name is none but localhost: what another resolves to is another's to say. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || LOOPBACK_4.matcher(host).matches()
                || host.equals("::1")
                || host.equals("[::1]");
    }
}
