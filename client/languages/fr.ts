import type { Messages } from "./messages.ts";
import { plurals } from "./plurals.ts";

const plural = plurals("fr");
const { format: number } = new Intl.NumberFormat("fr");
const files = (count: number) => plural(count, { one: "# fichier", many: "# de fichiers", other: "# fichiers" });

// The spaces inside « » and before : ; ? ! are U+00A0.
export const messages: Messages = {
  direction: "ltr",

  welcome: "Envoyez des fichiers de toute taille",
  tagline: "Quoi qu’il arrive en chemin, l’envoi reprend au dernier octet enregistré.",
  linkFrom: (owner) => `${owner} vous demande des fichiers`,
  linkOver: "Ce lien ne fonctionne plus. Demandez-en un nouveau.",
  linkFilesLeft: (count) => `Vous pouvez encore envoyer ${files(count)}`,
  linkRoomLeft: (size) => `Il reste ${size}`,
  linkFull: "Ce lien n’accepte plus de fichiers. Demandez-en un autre.",
  linkSent: "Vous avez envoyé :",
  language: "Langue",
  notLoaded: "Impossible de charger la langue. Vérifiez la connexion, puis choisissez-la à nouveau.",
  stillLoading:
    "La page n’est pas encore entièrement chargée, car le serveur est injoignable. Elle continue d’elle-même et garde les fichiers que vous choisissez.",
  chooseFiles: "Choisir des fichiers",
  chooseFolder: "Choisir un dossier",
  camera: "Appareil photo",
  dropHint: "ou déposez des fichiers et des dossiers n’importe où sur cette page, ou collez-les",
  dropNow: "Déposez les fichiers pour les envoyer",
  pasted: "Collé",
  linkNotFile:
    "C’était un lien, pas un fichier. Enregistrez d’abord son contenu sur votre ordinateur, puis choisissez-le ou déposez-le ici.",
  textNotFile:
    "C’était du texte, pas un fichier. Enregistrez-le d’abord dans un fichier, puis choisissez-le ou déposez-le ici.",
  nothingPasted: "Le presse-papiers n’a rien fourni qui puisse être envoyé. Choisissez le fichier ici ou déposez-le.",

  uploads: "Envois",
  allUploads: "Progression totale",
  sendAll: (count) => `Envoyer ${files(count)}`,
  pauseAll: "Tout suspendre",
  resumeAll: "Tout reprendre",
  cancelAll: "Tout annuler",
  showFailed: "Voir les échecs",
  retryFailed: "Relancer les échecs",
  dismissDone: "Masquer les finis",
  filesDone: (done, all) => `${files(done)} sur ${number(all)}`,
  allSafe: (count) =>
    plural(count, {
      one: "# fichier est enregistré sur le serveur",
      many: "Les # de fichiers sont tous enregistrés sur le serveur",
      other: "Les # fichiers sont tous enregistrés sur le serveur",
    }),
  safe: "Enregistré sur le serveur",
  sent: "Envoyé",
  safeOf: (safe, total) => `${safe} sur ${total} enregistrés`,
  percentSent: (percent) => `Envoyé à ${percent}`,
  timeRemaining: (duration) => `il reste ${duration}`,
  barValue: (sent, safe) => `Envoyé à ${sent}, enregistré sur le serveur à ${safe}`,

  actions: {
    send: { label: "Envoyer", of: (name) => `Envoyer « ${name} »` },
    edit: { label: "Modifier", of: (name) => `Modifier le nom, le dossier ou la remarque de « ${name} »` },
    pause: { label: "Suspendre", of: (name) => `Suspendre l’envoi de « ${name} »` },
    resume: { label: "Reprendre", of: (name) => `Reprendre l’envoi de « ${name} »` },
    cancel: { label: "Annuler", of: (name) => `Annuler l’envoi de « ${name} »` },
    retry: { label: "Réessayer", of: (name) => `Réessayer l’envoi de « ${name} »` },
    dismiss: { label: "Masquer", of: (name) => `Masquer « ${name} »` },
    copy: { label: "Copier le lien", of: (name) => `Copier le lien vers « ${name} »` },
    download: { label: "Télécharger", of: (name) => `Télécharger « ${name} »` },
    delete: { label: "Supprimer", of: (name) => `Supprimer « ${name} » du serveur` },
    undo: { label: "Rétablir", of: (name) => `Rétablir « ${name} »` },
    continue: { label: "Reprendre", of: (name) => `Reprendre l’envoi de « ${name} »` },
    chooseAgain: { label: "Choisir à nouveau", of: (name) => `Choisir à nouveau « ${name} »` },
    discard: { label: "Abandonner", of: (name) => `Abandonner l’envoi de « ${name} »` },
  },

  held: "Pas encore envoyé",
  queued: "En attente",
  asking: "Vérification auprès du serveur",
  sending: "Envoi en cours",
  still: "Rien n’avance pour le moment",
  finishing: "Tout est envoyé, finalisation sur le serveur",
  checking: "Vérification que le fichier n’a pas changé",
  paused: "En pause",
  done: "Terminé",
  deleting: "Sera supprimé",
  savedAs: (name) => `enregistré sous « ${name} »`,
  problems: {
    "connection": "La connexion au serveur est interrompue",
    "stalled": "L’envoi n’avance plus",
    "busy": "Le serveur ne peut rien recevoir pour le moment",
    "not-a-server": "La réponse ne vient pas du serveur ; il faut peut-être vous identifier sur le réseau",
    "not-kept": "Le serveur n’a pas conservé les données envoyées",
    "damaged": "Les données sont altérées en chemin",
    "elsewhere": "Ce fichier est en cours d’envoi dans un autre onglet ou une autre fenêtre",
    "too-many-unfinished": "Vous avez atteint le nombre d’envois inachevés que le serveur autorise",
    "signed-out": "En attente de votre identification",
  },
  offline: "Vous êtes hors ligne",
  nextTry: (problem, duration) => `${problem}. Nouvel essai dans ${duration}`,
  tryingNow: (problem) => `${problem}. L’envoi reprendra automatiquement`,
  errors: {
    "file-changed": "Le fichier d’origine a été modifié, déplacé ou supprimé. Choisissez-le à nouveau.",
    "disk-full":
      "Le disque du serveur est plein. Ce qui est arrivé est conservé : demandez à l’administrateur du serveur de libérer de l’espace, puis réessayez.",
    "over-quota":
      "Il ne vous reste pas assez d’espace sur le serveur. Supprimez-y des fichiers ou demandez plus d’espace à son administrateur, puis réessayez.",
    "signed-out": "Le serveur vous demande de vous identifier. Rechargez la page, identifiez-vous, puis réessayez.",
    "not-allowed":
      "Vous n’avez pas l’autorisation d’envoyer des fichiers sur ce serveur. Demandez l’accès à son administrateur, puis réessayez.",
    "gone": "L’envoi a expiré ou a été supprimé sur le serveur. Si vous réessayez, il repartira de zéro.",
    "damaged":
      "Les données arrivent altérées à chaque tentative. Choisissez à nouveau le fichier ou utilisez un autre réseau.",
  },
  tooLarge: (limit) =>
    limit === undefined
      ? "Le fichier est trop volumineux pour ce serveur. Choisissez un fichier plus petit ou contactez l’administrateur du serveur."
      : `Le fichier est trop volumineux : la limite est de ${limit}. Choisissez un fichier plus petit ou contactez l’administrateur du serveur.`,
  refused: (detail) =>
    `Le serveur a refusé l’envoi${
      detail && ` (${detail})`
    }. Réessayez ; si le refus persiste, contactez l’administrateur du serveur.`,

  signIn: "S’identifier",
  signInHint: "Ce serveur demande un jeton. Son administrateur peut vous en donner un.",
  signInAgainHint: "Vous n’êtes plus identifié. Identifiez-vous à nouveau : les envois reprendront automatiquement.",
  token: "Jeton",
  signOut: "Se déconnecter",
  wrongToken: "Ce jeton est inconnu ou a expiré. Vérifiez-le, ou demandez-en un nouveau.",
  tooManyTokens: "Trop de jetons erronés sont venus de votre adresse. Attendez une minute, puis réessayez.",
  unreachable: "Le serveur est injoignable. Vérifiez la connexion, puis réessayez.",
  readOnly: "Votre accès permet de télécharger des fichiers, mais pas d’en envoyer.",

  earlier: "Terminés auparavant",
  showMore: "Afficher plus",
  nothingEarlier: "Il n’y a encore rien ici.",

  unfinished: "Envois inachevés",
  unfinishedHint:
    "Commencés dans ce navigateur et restés en suspens. Ce que le serveur a reçu est conservé : ils reprennent là où ils se sont arrêtés.",
  continueAll: (count) =>
    plural(count, { one: "Reprendre # envoi", many: "Reprendre # d’envois", other: "Reprendre # envois" }),
  discardAll: "Tout abandonner",
  unfinishedState: (percent, safe, total) => `${percent} : ${safe} sur ${total} enregistrés sur le serveur`,
  chooseAgainHint: "Choisissez à nouveau le fichier pour reprendre l’envoi",
  chooseAllHint: "« Choisir des fichiers » permet de les sélectionner tous à la fois.",
  notTheSame: (name) =>
    `Ce n’est pas le fichier que vous aviez commencé à envoyer. Choisissez le fichier « ${name} » d’origine, ou envoyez celui-ci comme nouveau fichier.`,
  unreadable: (name) => `Impossible de lire « ${name} ». Vérifiez qu’il est toujours là, puis choisissez-le à nouveau.`,
  emptyFolder: "Il n’y a aucun fichier à envoyer.",
  emptyFolders: (count) =>
    plural(count, {
      one: "# dossier vide n’a pas été envoyé",
      many: "# de dossiers vides n’ont pas été envoyés",
      other: "# dossiers vides n’ont pas été envoyés",
    }),

  review: "Vérifier avant l’envoi",
  nameLabel: "Nom",
  folderLabel: "Dossier",
  noteLabel: "Remarque",
  editHint: "Le fichier sur votre ordinateur garde son nom. Séparez les dossiers par /.",
  startsOver: (safe) =>
    `Le serveur a déjà ${safe} de ce fichier sous son ancien nom. Toute modification relance l’envoi depuis le début.`,
  wrongName: "Ce nom ne peut pas être utilisé",
  save: "Enregistrer",
  startOver: "Recommencer",
  leaveIt: "Ne rien changer",
  notChanged: (name) =>
    `« ${name} » n’a pas été modifié : son envoi s’est terminé avant. Choisissez-le à nouveau pour l’envoyer autrement.`,

  buffered:
    "Sur le chemin du serveur, un intermédiaire retient les données pour les transmettre par blocs. Elles sont donc envoyées par petits morceaux, afin d’en perdre le moins possible en cas de coupure.",
  copied: "Lien copié",
  copyByHand: "Copiez ce lien",
  close: "Fermer",
  confirmCancel: (name, safe) =>
    `Annuler l’envoi de « ${name} » ? Les données enregistrées sur le serveur (${safe}) seront supprimées.`,
  confirmCancelAll: (count) =>
    plural(count, {
      one: "Annuler # envoi ? Les données enregistrées sur le serveur seront supprimées.",
      many: "Annuler # d’envois ? Les données enregistrées sur le serveur seront supprimées.",
      other: "Annuler # envois ? Les données enregistrées sur le serveur seront supprimées.",
    }),
  confirmDiscard: (name, safe) =>
    `Abandonner l’envoi de « ${name} » ? Les données enregistrées sur le serveur (${safe}) seront supprimées.`,
  cancelIt: "Annuler l’envoi",
  keepIt: "Conserver",
  deleted: (name) => `« ${name} » a été supprimé du serveur`,
  notDeleted: (name) => `Impossible de supprimer « ${name} ». Vérifiez la connexion, puis réessayez.`,

  spokenStart: (count) => `Envoi de ${files(count)}`,
  spokenOffline: "Hors ligne. Les envois reprendront automatiquement au retour de la connexion",
  spokenOnline: "De nouveau en ligne",
  spokenPaused: "Envois en pause",
  spokenDeleting: (name) => `« ${name} » sera supprimé. Rétablissez-le pour le conserver.`,
  spokenFailed: (name, why) => `Échec de l’envoi de « ${name} ». ${why}`,
  spokenFailures: (count) => `L’envoi de ${files(count)} a échoué`,
  spokenEnd(done, failed) {
    const sent = plural(done, {
      one: "# fichier envoyé",
      many: "# de fichiers envoyés",
      other: "# fichiers envoyés",
    });
    if (failed === 0) return sent;
    return `${sent}, ${plural(failed, { one: "# échec", many: "# d’échecs", other: "# échecs" })}`;
  },
};
