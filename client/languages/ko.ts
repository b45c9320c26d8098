import type { Messages } from "./messages.ts";

const { format: number } = new Intl.NumberFormat("ko");

// A particle stands only after a word whose last syllable is known, never after a name, a number or a time. A size ends
// in 바이트, also when it is written as 67.1MB.
export const messages: Messages = {
  direction: "ltr",

  welcome: "크기에 상관없이 파일을 보내세요",
  tagline: "도중에 끊겨도 서버에 저장된 마지막 바이트부터 이어서 올립니다.",
  linkFrom: (owner) => `${owner} 님이 파일을 요청했습니다`,
  linkOver: "이 링크는 더 이상 쓸 수 없습니다. 새 링크를 요청하세요.",
  linkFilesLeft: (count) => `파일 ${number(count)}개를 더 보낼 수 있습니다`,
  linkRoomLeft: (size) => `${size} 남음`,
  linkFull: "이 링크로는 파일을 더 보낼 수 없습니다. 다른 링크를 요청하세요.",
  linkSent: "보낸 파일:",
  language: "언어",
  notLoaded: "언어를 불러오지 못했습니다. 연결을 확인한 다음 다시 선택해 주세요.",
  stillLoading:
    "서버에 연결할 수 없어 페이지를 아직 다 불러오지 못했습니다. 자동으로 계속 불러오며, 선택한 파일은 그대로 유지됩니다.",
  chooseFiles: "파일 선택",
  chooseFolder: "폴더 선택",
  camera: "카메라",
  dropHint: "또는 이 페이지 아무 곳에나 파일이나 폴더를 끌어다 놓거나 붙여 넣으세요",
  dropNow: "여기에 놓으면 업로드를 시작합니다",
  pasted: "붙여넣기",
  linkNotFile: "링크는 파일이 아닙니다. 링크의 내용을 먼저 컴퓨터에 저장한 다음 여기에서 선택하거나 끌어다 놓으세요.",
  textNotFile: "텍스트는 파일이 아닙니다. 먼저 파일로 저장한 다음 여기에서 선택하거나 끌어다 놓으세요.",
  nothingPasted: "클립보드에서 업로드할 수 있는 것을 받지 못했습니다. 여기에서 파일을 선택하거나 끌어다 놓으세요.",

  uploads: "업로드",
  allUploads: "전체 진행률",
  sendAll: (count) => `파일 ${number(count)}개 보내기`,
  pauseAll: "모두 일시 중지",
  resumeAll: "모두 재개",
  cancelAll: "모두 취소",
  showFailed: "실패 항목 보기",
  retryFailed: "실패 항목 재시도",
  dismissDone: "완료 항목 숨기기",
  filesDone: (done, all) => `파일 ${number(all)}개 중 ${number(done)}개 완료`,
  allSafe: (count) => `파일 ${number(count)}개가 모두 서버에 저장되었습니다`,
  safe: "서버에 저장됨",
  sent: "전송됨",
  safeOf: (safe, total) => `${total} 중 ${safe} 저장됨`,
  percentSent: (percent) => `${percent} 전송됨`,
  timeRemaining: (duration) => `${duration} 남음`,
  barValue: (sent, safe) => `${sent} 전송됨, 서버에 ${safe} 저장됨`,

  actions: {
    send: { label: "보내기", of: (name) => `${name} 보내기` },
    edit: { label: "편집", of: (name) => `${name} 이름, 폴더, 메모 편집` },
    pause: { label: "일시 중지", of: (name) => `${name} 일시 중지` },
    resume: { label: "재개", of: (name) => `${name} 업로드 재개` },
    cancel: { label: "취소", of: (name) => `${name} 업로드 취소` },
    retry: { label: "다시 시도", of: (name) => `${name} 다시 시도` },
    dismiss: { label: "숨기기", of: (name) => `${name} 숨기기` },
    copy: { label: "링크 복사", of: (name) => `${name} 링크 복사` },
    download: { label: "다운로드", of: (name) => `${name} 다운로드` },
    delete: { label: "삭제", of: (name) => `${name} 서버에서 삭제` },
    undo: { label: "실행 취소", of: (name) => `${name} 삭제 실행 취소` },
    continue: { label: "이어 올리기", of: (name) => `${name} 이어 올리기` },
    chooseAgain: { label: "다시 선택", of: (name) => `${name} 다시 선택` },
    discard: { label: "그만두기", of: (name) => `${name} 업로드 그만두기` },
  },

  held: "아직 보내지 않음",
  queued: "대기 중",
  asking: "서버에 확인하는 중",
  sending: "업로드 중",
  still: "지금은 전송되지 않고 있습니다",
  finishing: "전송 완료, 서버에서 마무리하는 중",
  checking: "파일이 변경되지 않았는지 확인하는 중",
  paused: "일시 중지됨",
  done: "완료",
  deleting: "곧 삭제됩니다",
  savedAs: (name) => `${name} 이름으로 저장됨`,
  problems: {
    "connection": "서버와의 연결이 끊겼습니다",
    "stalled": "전송이 멈췄습니다",
    "busy": "지금은 서버에서 파일을 받을 수 없습니다",
    "not-a-server": "업로드 서버가 아닌 곳에서 응답했습니다. 네트워크에 로그인해야 할 수도 있습니다",
    "not-kept": "보낸 데이터가 서버에 저장되지 않았습니다",
    "damaged": "전송 중에 데이터가 손상되고 있습니다",
    "elsewhere": "다른 탭이나 창에서 이 파일을 업로드하고 있습니다",
    "too-many-unfinished": "서버에 둘 수 있는 미완료 업로드 수가 한도에 도달했습니다",
    "signed-out": "로그인을 기다리는 중",
  },
  offline: "오프라인 상태입니다",
  nextTry: (problem, duration) => `${problem}. ${duration} 후에 다시 시도합니다.`,
  tryingNow: (problem) => `${problem}. 자동으로 이어서 진행합니다.`,
  errors: {
    "file-changed": "원본 파일이 변경되었거나 이동 또는 삭제되었습니다. 파일을 다시 선택해 주세요.",
    "disk-full":
      "서버의 디스크 공간이 부족합니다. 지금까지 올린 데이터는 그대로 있으니, 서버 관리자에게 공간 확보를 요청한 다음 다시 시도해 주세요.",
    "over-quota":
      "서버에 남은 공간이 부족합니다. 서버의 파일을 삭제하거나 관리자에게 공간을 요청한 다음 다시 시도해 주세요.",
    "signed-out": "로그인이 필요합니다. 페이지를 새로 고치고 로그인한 다음 다시 시도해 주세요.",
    "not-allowed": "업로드 권한이 없습니다. 서버 관리자에게 권한을 요청한 다음 다시 시도해 주세요.",
    "gone": "업로드가 만료되었거나 서버에서 삭제되었습니다. 다시 시도하면 처음부터 업로드합니다.",
    "damaged": "데이터가 계속 손상된 채로 도착합니다. 파일을 다시 선택하거나 다른 네트워크를 사용해 주세요.",
  },
  tooLarge: (limit) =>
    limit === undefined
      ? "파일이 너무 커서 서버에서 받을 수 없습니다. 더 작은 파일을 선택하거나 서버 관리자에게 문의해 주세요."
      : `파일이 너무 큽니다. 최대 ${limit}까지 올릴 수 있습니다. 더 작은 파일을 선택하거나 서버 관리자에게 문의해 주세요.`,
  refused: (detail) =>
    `서버에서 업로드를 거부했습니다${detail && ` (${detail})`}. 다시 시도해도 거부되면 서버 관리자에게 문의해 주세요.`,

  signIn: "로그인",
  signInHint: "이 서버를 사용하려면 토큰이 필요합니다. 서버 관리자에게 받을 수 있습니다.",
  signInAgainHint: "로그아웃되었습니다. 다시 로그인하면 업로드가 자동으로 이어집니다.",
  token: "토큰",
  signOut: "로그아웃",
  wrongToken: "등록되지 않았거나 만료된 토큰입니다. 다시 확인하거나 새 토큰을 요청해 주세요.",
  tooManyTokens: "현재 주소에서 잘못된 토큰이 너무 많이 전송되었습니다. 1분쯤 기다린 다음 다시 시도해 주세요.",
  unreachable: "서버에 연결할 수 없습니다. 연결을 확인한 다음 다시 시도해 주세요.",
  readOnly: "현재 권한으로는 파일을 받을 수만 있고 보낼 수는 없습니다.",

  earlier: "이전에 완료된 파일",
  showMore: "더 보기",
  nothingEarlier: "아직 아무것도 없습니다.",

  unfinished: "완료되지 않은 업로드",
  unfinishedHint:
    "이 브라우저에서 시작했지만 아직 끝나지 않은 업로드입니다. 서버에 저장된 부분부터 이어서 올릴 수 있습니다.",
  continueAll: (count) => `${number(count)}개 이어 올리기`,
  discardAll: "모두 그만두기",
  unfinishedState: (percent, safe, total) => `서버에 ${percent} 저장됨 (${total} 중 ${safe})`,
  chooseAgainHint: "이어서 올리려면 파일을 다시 선택하세요",
  chooseAllHint: "‘파일 선택’으로 한꺼번에 선택할 수도 있습니다.",
  notTheSame: (name) =>
    `이전에 올리던 파일과 다릅니다. 원래의 “${name}” 파일을 선택하거나, 이 파일을 새로 업로드해 주세요.`,
  unreadable: (name) => `“${name}” 항목을 읽을 수 없습니다. 원래 위치에 있는지 확인한 다음 다시 선택해 주세요.`,
  emptyFolder: "업로드할 파일이 없습니다.",
  emptyFolders: (count) => `빈 폴더 ${number(count)}개는 제외했습니다`,

  review: "보내기 전에 확인",
  nameLabel: "이름",
  folderLabel: "폴더",
  noteLabel: "메모",
  editHint: "컴퓨터에 있는 파일의 이름은 바뀌지 않습니다. 폴더는 / 문자로 구분합니다.",
  startsOver: (safe) => `서버에 이 파일의 ${safe}가 이전 이름으로 저장되어 있습니다. 변경하면 처음부터 다시 보냅니다.`,
  wrongName: "이 이름은 쓸 수 없습니다",
  save: "저장",
  startOver: "처음부터 보내기",
  leaveIt: "변경 안 함",
  notChanged: (name) =>
    `“${name}” 파일은 변경되지 않았습니다. 업로드가 먼저 끝났습니다. 변경해서 보내려면 다시 선택해 주세요.`,

  buffered:
    "중간 네트워크에서 데이터를 모았다가 한꺼번에 서버로 넘기고 있습니다. 연결이 끊겨도 손실이 적도록 데이터를 작게 나누어 보냅니다.",
  copied: "링크를 복사했습니다",
  copyByHand: "이 링크를 복사하세요",
  close: "닫기",
  confirmCancel: (name, safe) => `“${name}” 업로드를 취소할까요? 서버에 저장된 ${safe}는 삭제됩니다.`,
  confirmCancelAll: (count) => `업로드 ${number(count)}개를 취소할까요? 서버에 저장된 데이터는 삭제됩니다.`,
  confirmDiscard: (name, safe) => `“${name}” 업로드를 그만둘까요? 서버에 저장된 ${safe}는 삭제됩니다.`,
  cancelIt: "업로드 취소",
  keepIt: "그대로 두기",
  deleted: (name) => `서버에서 “${name}” 파일을 삭제했습니다`,
  notDeleted: (name) => `“${name}” 파일을 삭제하지 못했습니다. 연결을 확인한 다음 다시 시도해 주세요.`,

  spokenStart: (count) => `파일 ${number(count)}개 업로드 중`,
  spokenOffline: "오프라인 상태입니다. 다시 연결되면 업로드를 자동으로 이어서 진행합니다.",
  spokenOnline: "다시 연결되었습니다",
  spokenPaused: "업로드가 일시 중지되었습니다",
  spokenDeleting: (name) => `“${name}” 파일을 곧 삭제합니다. 실행 취소로 되돌릴 수 있습니다.`,
  spokenFailed: (name, why) => `${name} 업로드 실패: ${why}`,
  spokenFailures: (count) => `파일 ${number(count)}개 업로드 실패`,
  spokenEnd: (done, failed) =>
    failed === 0
      ? `파일 ${number(done)}개 업로드 완료`
      : `파일 ${number(done)}개 업로드 완료, ${number(failed)}개 실패`,
};
