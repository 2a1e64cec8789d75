package dev.millrace.access;

import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who may ask a server, and how it shows who it is.
 *
 * @param prefix of the settings of that server, such as {@code serve.}
 * @param tokens the file of {@link Tokens}; absent if everybody may ask
 */
public record AccessSettings(String prefix, Optional<Path> tokens, Optional<PemFiles> tls, HostNames hosts) {

    private static final String TOKENS = "tokens.file";
    private static final String CERTIFICATE = "tls.certificate";
    private static final String KEY = "tls.key";
    private static final String HOSTS = "hosts";
    private static final Pattern LOOPBACK_4 = Pattern.compile("127(\\.\\d{1,3}){3}");

    /** Everybody may ask, over HTTP. */
    public static AccessSettings open(String prefix) {
        return new AccessSettings(prefix, Optional.empty(), Optional.empty(), HostNames.none(prefix + HOSTS));
    }

    /**
     * @param prefix of the settings of a server, such as {@code serve.}
     * @param host that it binds, its setting {@code host}
     */
    public static AccessSettings read(SettingsReader reader, String prefix, String host) {
        SettingsReader ofServer = reader.named(prefix.substring(0, prefix.length() - 1));
        Optional<Path> tokens = file(
                ofServer,
                TOKENS,
                "file of tokens, reloaded when it changes: a role, a SHA-256 and a name in each line; empty: no token"
                        + " is needed");
        Optional<Path> certificate = file(
                ofServer,
                CERTIFICATE,
                "PEM file of the server's certificate and its chain, reloaded when it changes; empty: HTTP without"
                        + " TLS");
        Optional<Path> key =
                file(ofServer, KEY, "PEM file of the certificate's private key, PKCS #8 without a password");
        boolean isInsecure = reader.flag(prefix + "insecure = false: allow a non-loopback " + prefix
                + "host without tokens and TLS, for instance behind a proxy that has both");
        reader.require(
                certificate.isPresent() == key.isPresent(),
                prefix + KEY,
                key.map(Path::toString).orElse(""),
                "must be given with " + prefix + CERTIFICATE + ", and only then");
        reader.require(
                isInsecure || isLoopback(host) || (tokens.isPresent() && certificate.isPresent()),
                prefix + "host",
                host,
                "must be a loopback address, such as 127.0.0.1, unless " + prefix + TOKENS + ", " + prefix + CERTIFICATE
                        + " and " + prefix + KEY + " are given, or " + prefix + "insecure = true");
        return new AccessSettings(
                prefix,
                tokens,
                certificate.flatMap(one -> key.map(other -> new PemFiles(one, other))),
                HostNames.read(reader, prefix + HOSTS, "none, or any with " + prefix + TOKENS));
    }

    /**
     * The tokens of the file; empty if everybody may ask.
     *
     * @throws dev.millrace.settings.InvalidSettingsException if the file cannot be used
     */
    public Optional<Tokens> openTokens() {
        return tokens.map(file -> new Tokens(prefix + TOKENS, file));
    }

    /**
     * The certificate and its key; empty for HTTP.
     *
     * @throws dev.millrace.settings.InvalidSettingsException if the files cannot be used
     */
    public Optional<ServerKeys> openKeys() {
        return tls.map(files -> new ServerKeys(prefix + CERTIFICATE, files));
    }

    private static Optional<Path> file(SettingsReader reader, String key, String doc) {
        return reader.value(
                "<server>." + key + ": " + doc,
                text -> text.isEmpty() ? Optional.<Path>empty() : Optional.of(Path.of(text)),
                "must be a path");
    }

    /** A name is none but localhost: what another resolves to is another's to say. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || LOOPBACK_4.matcher(host).matches()
                || host.equals("::1")
                || host.equals("[::1]");
    }
}
