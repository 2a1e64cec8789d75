package dev.millrace.access;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate and its private key, as PEM files.
 *
 * @param certificate of the server, and the chain behind it
 * @param key PKCS #8, without a password
 */
public record PemFiles(Path certificate, Path key) {

    /** Of the key store that {@link #keyStore} returns, which is never written. */
    public static final String PASSWORD = "";

    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final byte[] PROBE = {1, 2, 3};

    /** Reads both files. */
    KeyStore keyStore() throws UnusableFileException {
        List<Certificate> chain = chain();
        PublicKey published = chain.get(0).getPublicKey();
        PrivateKey secret = secret(published.getAlgorithm());
        try {
            requirePair(secret, published);
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("millrace", secret, PASSWORD.toCharArray(), chain.toArray(new Certificate[0]));
            return store;
        } catch (GeneralSecurityException | IOException unusable) {
            throw new UnusableFileException(certificate + " cannot be used: " + unusable, unusable);
        }
    }

    private List<Certificate> chain() throws UnusableFileException {
        try {
            List<Certificate> chain = List.copyOf(CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(certificate))));
            if (chain.isEmpty()) {
                throw new UnusableFileException(certificate + " has no certificate");
            }
            return chain;
        } catch (GeneralSecurityException | IOException unreadable) {
            throw new UnusableFileException(certificate + " cannot be read as PEM: " + unreadable, unreadable);
        }
    }

    private PrivateKey secret(String algorithm) throws UnusableFileException {
        try {
            Matcher found = KEY.matcher(Files.readString(key, StandardCharsets.ISO_8859_1));
            if (!found.find()) {
                throw new UnusableFileException(
                        key + " has no \"BEGIN PRIVATE KEY\": it must be PKCS #8 without a password, "
                                + "as openssl pkcs8 -topk8 -nocrypt -in FILE writes it");
            }
            byte[] encoded = Base64.getMimeDecoder().decode(found.group(1));
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException | IllegalArgumentException | IOException unreadable) {
            throw new UnusableFileException(
                    key + " cannot be read as a PEM key of the algorithm " + algorithm, unreadable);
        }
    }

    private void requirePair(PrivateKey secret, PublicKey published)
            throws GeneralSecurityException, UnusableFileException {
        Signature signature = Signature.getInstance(
                switch (published.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> published.getAlgorithm();
                });
        signature.initSign(secret);
        signature.update(PROBE);
        byte[] signed = signature.sign();
        signature.initVerify(published);
        signature.update(PROBE);
        if (!signature.verify(signed)) {
            throw new UnusableFileException(key + " is not the key of the certificate in " + certificate);
        }
    }
}
