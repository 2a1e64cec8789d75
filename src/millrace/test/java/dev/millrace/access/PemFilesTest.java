package dev.millrace.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class PemFilesTest {

    private Path folder = Path.of("");
    private PemFiles files = new PemFiles(folder, folder);

    @BeforeEach
    void write(@TempDir Path temporary) throws Exception {
        folder = temporary;
        files = PemCertificates.write(folder, "one", "EC");
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA", "Ed25519"})
    void certificateAndKeyAreRead(String algorithm) throws Exception {
        files = PemCertificates.write(folder, "another", algorithm);

        X509Certificate read = (X509Certificate) files.keyStore().getCertificate("millrace");

        assertThat(read.getSubjectX500Principal().getName()).isEqualTo("CN=another");
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        String key = Files.readString(files.key());
        PemCertificates.write(folder, "another", "EC");
        Files.writeString(files.key(), key);

        assertThatThrownBy(() -> files.keyStore()).hasMessageContaining("is not the key of the certificate in");
    }

    @Test
    void aKeyOfAnotherFormSaysHowToConvertIt() throws Exception {
        Files.writeString(files.key(), "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");

        assertThatThrownBy(() -> files.keyStore())
                .hasMessageContaining("server.key has no \"BEGIN PRIVATE KEY\"")
                .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
    }

    @Test
    void aKeyThatIsNoneIsRefusedWithoutItsText() throws Exception {
        Files.writeString(files.key(), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");

        assertThatThrownBy(() -> files.keyStore())
                .hasMessageContaining("cannot be read as a PEM key of the algorithm EC")
                .hasMessageNotContaining("c2Vj");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void aCertificateThatIsNoneIsAFaultOfItsSetting(String text) throws Exception {
        Files.writeString(files.certificate(), text);

        assertThatThrownBy(() -> new ServerKeys("serve.tls.certificate", files))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("serve.tls.certificate = ")
                .hasMessageContaining("server.crt");
    }
}
