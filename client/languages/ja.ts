import type { Messages } from "./messages.ts";

const { format: number } = new Intl.NumberFormat("ja");

export const messages: Messages = {
  direction: "ltr",

  welcome: "どんなサイズのファイルでも送れます",
  tagline: "途中で中断しても、サーバーに保存された最後のバイトから再開します。",
  linkFrom: (owner) => `${owner} さんがファイルをお待ちしています`,
  linkOver: "このリンクはもう使えません。新しいリンクをもらってください。",
  linkFilesLeft: (count) => `あと${number(count)}件送れます`,
  linkRoomLeft: (size) => `残り${size}`,
  linkFull: "このリンクではこれ以上ファイルを送れません。別のリンクをもらってください。",
  linkSent: "送信済み：",
  language: "言語",
  notLoaded: "言語を読み込めませんでした。接続を確認して、もう一度選択してください。",
  stillLoading:
    "サーバーに接続できないため、ページの読み込みがまだ終わっていません。読み込みは自動で再開し、選択したファイルは保持されます。",
  chooseFiles: "ファイルを選択",
  chooseFolder: "フォルダーを選択",
  camera: "カメラ",
  dropHint: "または、ファイルやフォルダーをこのページにドラッグ＆ドロップするか、貼り付けてください",
  dropNow: "ドロップしてアップロード",
  pasted: "貼り付け",
  linkNotFile:
    "それはリンクで、ファイルではありません。リンク先をいったん保存してから、ここで選択するかドロップしてください。",
  textNotFile:
    "それはテキストで、ファイルではありません。ファイルとして保存してから、ここで選択するかドロップしてください。",
  nothingPasted:
    "クリップボードにはアップロードできるものがありませんでした。ファイルをここで選択するかドロップしてください。",

  uploads: "アップロード",
  allUploads: "全体の進行状況",
  sendAll: (count) => `${number(count)}件を送信`,
  pauseAll: "すべて一時停止",
  resumeAll: "すべて再開",
  cancelAll: "すべてキャンセル",
  showFailed: "失敗分を表示",
  retryFailed: "失敗分を再試行",
  dismissDone: "完了分を非表示",
  filesDone: (done, all) => `${number(all)}件中${number(done)}件完了`,
  allSafe: (count) => `${number(count)}件すべてをサーバーに保存しました`,
  safe: "サーバーに保存済み",
  sent: "送信済み",
  safeOf: (safe, total) => `${total}中${safe}を保存済み`,
  percentSent: (percent) => `${percent}送信済み`,
  timeRemaining: (duration) => `残り${duration}`,
  barValue: (sent, safe) => `送信済み${sent}、サーバーに保存済み${safe}`,

  actions: {
    send: { label: "送信", of: (name) => `「${name}」を送信` },
    edit: { label: "編集", of: (name) => `「${name}」の名前・フォルダー・メモを編集` },
    pause: { label: "一時停止", of: (name) => `「${name}」を一時停止` },
    resume: { label: "再開", of: (name) => `「${name}」を再開` },
    cancel: { label: "キャンセル", of: (name) => `「${name}」をキャンセル` },
    retry: { label: "再試行", of: (name) => `「${name}」を再試行` },
    dismiss: { label: "非表示", of: (name) => `「${name}」を非表示` },
    copy: { label: "リンクをコピー", of: (name) => `「${name}」のリンクをコピー` },
    download: { label: "ダウンロード", of: (name) => `「${name}」をダウンロード` },
    delete: { label: "削除", of: (name) => `「${name}」をサーバーから削除` },
    undo: { label: "元に戻す", of: (name) => `「${name}」を元に戻す` },
    continue: { label: "続きから再開", of: (name) => `「${name}」を続きから再開` },
    chooseAgain: { label: "もう一度選択", of: (name) => `「${name}」をもう一度選択` },
    discard: { label: "破棄", of: (name) => `「${name}」のアップロードを破棄` },
  },

  held: "未送信",
  queued: "待機中",
  asking: "サーバーに確認中",
  sending: "アップロード中",
  still: "いまデータが送れていません",
  finishing: "送信完了、サーバーで処理中",
  checking: "ファイルに変更がないか確認中",
  paused: "一時停止中",
  done: "完了",
  deleting: "まもなく削除されます",
  savedAs: (name) => `「${name}」として保存`,
  problems: {
    "connection": "サーバーとの接続が切れました",
    "stalled": "通信が止まっています",
    "busy": "サーバーは現在ファイルを受け付けられません",
    "not-a-server": "アップロード先とは別のところから応答がありました。ネットワークへのログインが必要かもしれません",
    "not-kept": "送信したデータがサーバーに保存されませんでした",
    "damaged": "送信の途中でデータが破損しています",
    "elsewhere": "このファイルは別のタブまたはウィンドウでアップロード中です",
    "too-many-unfinished": "サーバーに置ける未完了のアップロードの数が上限に達しています",
    "signed-out": "ログインを待っています",
  },
  offline: "オフラインです",
  nextTry: (problem, duration) => `${problem}。${duration}後に再試行します。`,
  tryingNow: (problem) => `${problem}。自動的に再開します。`,
  errors: {
    "file-changed": "元のファイルが変更、移動、または削除されています。もう一度選択してください。",
    "disk-full":
      "サーバーのディスクに空きがありません。アップロード済みの分は保存されています。サーバーの管理者に空き容量の確保を依頼してから、再試行してください。",
    "over-quota":
      "サーバー上の空き容量が足りません。サーバーのファイルを削除するか、管理者に容量の追加を依頼してから、再試行してください。",
    "signed-out": "ログインが必要です。ページを再読み込みしてログインし、再試行してください。",
    "not-allowed": "アップロードが許可されていません。サーバーの管理者に許可を依頼してから、再試行してください。",
    "gone": "アップロードの期限が切れたか、サーバーから削除されました。再試行すると最初からやり直します。",
    "damaged":
      "データが何度も破損した状態で届いています。ファイルをもう一度選択するか、別のネットワークをお試しください。",
  },
  tooLarge: (limit) =>
    limit === undefined
      ? "ファイルが大きすぎるため、サーバーが受け付けません。より小さいファイルを選択するか、サーバーの管理者にお問い合わせください。"
      : `ファイルが大きすぎます。上限は${limit}です。より小さいファイルを選択するか、サーバーの管理者にお問い合わせください。`,
  refused: (detail) =>
    `サーバーがアップロードを拒否しました${
      detail && `（${detail}）`
    }。再試行しても拒否される場合は、サーバーの管理者にお問い合わせください。`,

  signIn: "ログイン",
  signInHint: "このサーバーの利用にはトークンが必要です。サーバーの管理者から受け取ってください。",
  signInAgainHint: "ログアウトされました。もう一度ログインすると、アップロードは自動的に再開します。",
  token: "トークン",
  signOut: "ログアウト",
  wrongToken:
    "このトークンは登録されていないか、期限が切れています。もう一度確認するか、新しいトークンを依頼してください。",
  tooManyTokens: "お使いのアドレスから誤ったトークンが何度も送られました。1分ほど待ってから、もう一度お試しください。",
  unreachable: "サーバーに接続できません。接続を確認して、もう一度お試しください。",
  readOnly: "現在の権限ではファイルの受け取りのみ可能で、送信はできません。",

  earlier: "以前に完了したファイル",
  showMore: "さらに表示",
  nothingEarlier: "まだ何もありません。",

  unfinished: "未完了のアップロード",
  unfinishedHint:
    "このブラウザーで以前に開始したアップロードです。サーバーに保存済みの分は残っているので、続きから再開できます。",
  continueAll: (count) => `${number(count)}件を続きから再開`,
  discardAll: "すべて破棄",
  unfinishedState: (percent, safe, total) => `${percent}をサーバーに保存済み（${total}中${safe}）`,
  chooseAgainHint: "続けるには、ファイルをもう一度選択してください",
  chooseAllHint: "「ファイルを選択」でまとめて選択することもできます。",
  notTheSame: (name) =>
    `アップロードを始めたときのファイルとは異なります。元の「${name}」を選択するか、新しいファイルとしてアップロードしてください。`,
  unreadable: (name) => `「${name}」を読み取れません。元の場所にあるか確認して、もう一度選択してください。`,
  emptyFolder: "アップロードできるファイルがありません。",
  emptyFolders: (count) => `空のフォルダー${number(count)}個は送信しませんでした`,

  review: "送信前に確認",
  nameLabel: "名前",
  folderLabel: "フォルダー",
  noteLabel: "メモ",
  editHint: "コンピューター上のファイル名は変わりません。フォルダーは / で区切ります。",
  startsOver: (safe) => `サーバーには元の名前で${safe}が保存されています。変更すると、最初から送り直します。`,
  wrongName: "この名前は使えません",
  save: "保存",
  startOver: "最初から送信",
  leaveIt: "変更しない",
  notChanged: (name) =>
    `「${name}」は変更されませんでした。先にアップロードが終わりました。変更して送るには、もう一度選択してください。`,

  buffered:
    "サーバーまでの経路の途中で、データがいったんため込まれ、まとめて転送されています。接続が切れても失われる量が少なくなるよう、小さく分けて送信しています。",
  copied: "リンクをコピーしました",
  copyByHand: "このリンクをコピーしてください",
  close: "閉じる",
  confirmCancel: (name, safe) =>
    `「${name}」のアップロードをキャンセルしますか？サーバーに保存済みの${safe}は削除されます。`,
  confirmCancelAll: (count) =>
    `${number(count)}件のアップロードをキャンセルしますか？サーバーに保存済みのデータは削除されます。`,
  confirmDiscard: (name, safe) =>
    `「${name}」のアップロードを破棄しますか？サーバーに保存済みの${safe}は削除されます。`,
  cancelIt: "キャンセルする",
  keepIt: "そのままにする",
  deleted: (name) => `「${name}」をサーバーから削除しました`,
  notDeleted: (name) => `「${name}」を削除できませんでした。接続を確認して、もう一度お試しください。`,

  spokenStart: (count) => `${number(count)}件のファイルをアップロードしています`,
  spokenOffline: "オフラインです。接続が回復すると、アップロードは自動的に再開します。",
  spokenOnline: "オンラインに戻りました",
  spokenPaused: "アップロードを一時停止しました",
  spokenDeleting: (name) => `「${name}」を削除します。元に戻すこともできます。`,
  spokenFailed: (name, why) => `「${name}」：${why}`,
  spokenFailures: (count) => `${number(count)}件のファイルをアップロードできませんでした`,
  spokenEnd: (done, failed) =>
    failed === 0
      ? `${number(done)}件のファイルをアップロードしました`
      : `${number(done)}件のファイルをアップロードしました。${number(failed)}件は失敗しました。`,
};
