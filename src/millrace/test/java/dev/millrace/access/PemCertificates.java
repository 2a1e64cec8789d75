package dev.millrace.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** Certificates that sign themselves, as PEM files. */
public final class PemCertificates {

    private static final String PASSWORD = "of-a-test";

    private PemCertificates() {}

    /**
     * Writes a certificate for the host {@code localhost}, and its key, in place of those there.
     *
     * @param algorithm such as {@code EC}
     */
    public static PemFiles write(Path folder, String owner, String algorithm)
            throws IOException, InterruptedException, GeneralSecurityException {
        Path store = folder.resolve(owner + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        algorithm,
                        "-alias",
                        "one",
                        "-dname",
                        "CN=" + owner,
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        PemFiles files = new PemFiles(folder.resolve("server.crt"), folder.resolve("server.key"));
        Files.writeString(
                files.certificate(),
                pem("CERTIFICATE", keys.getCertificate("one").getEncoded()));
        Files.writeString(
                files.key(),
                pem("PRIVATE KEY", keys.getKey("one", PASSWORD.toCharArray()).getEncoded()));
        return files;
    }

    private static String pem(String what, byte[] encoded) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
    }
}
